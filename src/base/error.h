/* error.h: the thread's last error message. */
#ifndef ERROR_H
#define ERROR_H

/* Sets the message and returns status: `return fail(XS_FAILED, "%s: ...", path)`. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts text in front of the present message ("FILE: " + message) and returns status. */
int fail_context(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *fail_message(void); /* never NULL */

#endif
