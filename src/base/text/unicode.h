/* unicode.h: one text for the two ways in which Unicode writes an accented letter. */
#ifndef UNICODE_H
#define UNICODE_H

/* Composes letters and the marks behind them, as in Unicode's normal form NFC (UAX 15), in place: u
 * and a diaeresis, as macOS writes file names, become one character.  Marks are taken in the order
 * in which they come.  s: UTF-8, which becomes no longer; what is not UTF-8 stays. */
void unicode_compose(char *s);

/* Bytes of the control character that s begins with (below U+0020, or U+007F to U+009F); 0: none.
 */
int unicode_control(const char *s);

/* The first byte of s that is not UTF-8 (RFC 3629), or NULL. */
const char *unicode_wrong_byte(const char *s);
/* Fails with 2 where it has one; what: whose text it is, for the message. */
int unicode_check(const char *what, const char *s);
/* A copy in which each such byte is written as \xE9: names that differ in such a byte stay
 * different. */
char *unicode_escape(const char *s);

#endif
