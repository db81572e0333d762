/* german_host.c: what a program in German does before it uses the library, for LD_PRELOAD.  The
 * programs that it starts are not made German by it. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void speak_german(void) {
  if (!setlocale(LC_ALL, "") || strcmp(localeconv()->decimal_point, ",") != 0) {
    fputs("german_host: there is no locale with a decimal comma\n", stderr);
    _exit(99);
  }
  unsetenv("LD_PRELOAD");
  unsetenv("LC_ALL");
}
