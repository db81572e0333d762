#!/usr/bin/env bash
# The shared library and the archive show the functions that the headers declare, and no other name; what programs load.
# usage: test_symbols.sh XSITE REPOSITORY; NM: the tool
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
built=$(dirname "$xsite")
cat "$repository"/include/*.h "$repository"/include/xsite/*.h | tr '\n' ' ' |
  grep -oE '(XS|TG)_API [^;(]*\b(xs|tg)_[a-z0-9_]+\(' | grep -oE '(xs|tg)_[a-z0-9_]+\($' | tr -d '(' | sort >"$folder/declared"
[ "$(wc -l <"$folder/declared")" -gt 150 ] || complain "only $(wc -l <"$folder/declared") declared functions were found"

# shown FILE NM-OPTION...: it defines these names for others.
shown() {
  local file=$1
  shift
  "${NM:-nm}" --defined-only "$@" "$built/$file" | awk 'NF == 3 { print $3 }' | sort >"$folder/shown"
  diff "$folder/declared" "$folder/shown" || complain "$file: < is declared, > is shown"
}
shown libxsite.so -D
shown libxsite.a -g
# of our own program's archive, where internal functions are seen, too: the prefixes are for what is public
"${NM:-nm}" -g --defined-only "$built/libxsite-internal.a" | awk 'NF == 3 { print $3 }' | grep -E '^(xs|tg)_' | sort >"$folder/prefixed"
diff "$folder/declared" "$folder/prefixed" || complain "functions that are public by their name, but not declared in include/"
readelf -d "$built/libxsite.so" | grep -qE 'SONAME.*\[libxsite\.so\.[0-9]+\.[0-9]+\]' || complain "libxsite.so has no SONAME"
# GDCM is loaded by the decoder alone: it takes longer to start than all else.
readelf -d "$built/xsite-decoder" | grep -q 'NEEDED.*gdcm' || complain 'the decoder does not need GDCM'
readelf -d "$xsite" | grep 'NEEDED.*gdcm' && complain 'the program loads GDCM'
finish
