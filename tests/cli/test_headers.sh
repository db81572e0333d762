#!/usr/bin/env bash
# Every public header compiles by itself, as C11 and as C++17, without a warning.
# usage: test_headers.sh XSITE REPOSITORY; CC, CXX: the compilers
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$repository/include" || exit 1
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
count=0
for header in *.h xsite/*.h; do
  for language in "${CC:-cc} -std=c11 -x c" "${CXX:-c++} -std=c++17 -x c++"; do
    # shellcheck disable=SC2086
    printf '#include "%s"\n#include "%s"\nextern int used;\n' "$header" "$header" | $language $warnings -fsyntax-only -I. - 2>"$folder/errors" ||
      complain "$header: ${language%% -x*}: $(cat "$folder/errors")"
    count=$((count + 1))
  done
done
[ "$count" -ge 20 ] || complain "only $count compilations"
finish
