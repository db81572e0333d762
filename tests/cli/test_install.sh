#!/usr/bin/env bash
# From an installed prefix: examples/use_library.c is built with pkg-config alone, shared and static, and by a CMake
# package, and measures what `xsite eval` does.
# usage: test_install.sh XSITE REPOSITORY; CC, CXX, CFLAGS: the compilers and what the library was compiled with
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
built=$(cd "$(dirname "$xsite")" && pwd)
prefix=$folder/prefix
cd "$folder" || exit 1
cmake --install "$built" --prefix "$prefix" >install.log || complain "cmake --install: $(cat install.log)"
for made in man/man1/xsite.1 man/man1/xsite-study-run.1 bash-completion/completions/xsite; do
  [ -s "$prefix/share/$made" ] || complain "not installed: share/$made"
done
libraries=$(dirname "$(find "$prefix" -name libxsite.a)")
export PKG_CONFIG_PATH=$libraries/pkgconfig
xsite=$prefix/bin/xsite
expect 0 "$(pkg-config --modversion xsite)" --version
cp "$repository/examples/use_library.c" .

digit_site near
expect 0 '' train --data near.yaml --out digits --threads 1 --size 16 --limit 600 --epochs 2
expect 0 '' eval --model digits/model.safetensors --data near.yaml --split all --json
wanted=$(python3 -c 'import json, sys
m = json.load(sys.stdin)
print("AUC %.2f, 95 %% interval %.2f to %.2f, of %d images" % (m["auc"], m["low"], m["high"], m["n"]))' <stdout)

# the installed program finds its decoder: the film's values are known, and too large for a model of digits
expect 1 'explicit.dcm: has the value 3470' predict --model digits/model.safetensors "$repository/tests/golden/images/explicit.dcm"

# runs PROGRAM: it says what `xsite eval` measured.
runs() {
  local said
  said=$("$1" digits/model.safetensors near.yaml 2>&1)
  [ "$said" = "$wanted" ] || complain "$1: $said; xsite eval: $wanted"
}
# build PROGRAM PKG-CONFIG-OPTION...: with what pkg-config says and nothing else of ours.
build() {
  local program=$1
  shift
  # shellcheck disable=SC2046,SC2086
  ${CC:-cc} ${CFLAGS:-} -std=c11 use_library.c $(pkg-config "$@" xsite) -o "$program" >errors 2>&1 || complain "$program: $(cat errors)"
}
needs() { readelf -d "$1" | grep -q 'NEEDED.*libxsite\.so'; }

build shared --cflags --libs
needs shared || complain 'shared: does not need libxsite.so'
LD_LIBRARY_PATH=$libraries runs ./shared
LD_LIBRARY_PATH=$libraries ./shared nothing near.yaml >said 2>&1 && complain 'shared: a missing model is no error'
contains said nothing

cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(user C CXX)
find_package(xsite 0.2 REQUIRED)
foreach(kind xsite static)
  add_executable(with-${kind} use_library.c)
  target_link_libraries(with-${kind} PRIVATE xsite::${kind})
endforeach()
add_executable(of-cpp version.cpp)
target_link_libraries(of-cpp PRIVATE xsite::xsite)
CMAKE
cat >version.cpp <<'CPP'
#include <cstring>
#include <tg.h>
#include <xsite.h>
int main() { return std::strcmp(xs_version(), XSITE_VERSION) || XSITE_VERSION_NUMBER < XSITE_NUMBER(0, 2, 0) || tg_threads() < 1; }
CPP
{ cmake -S . -B user -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS="${CFLAGS:-}" && cmake --build user; } >cmake.log 2>&1 ||
  complain "$(tail -n 20 cmake.log)"
runs user/with-xsite
runs user/with-static
user/of-cpp || complain 'a program in C++ sees another version'

rm "$libraries"/libxsite.so*
build static --static --cflags --libs
needs static && complain 'static: needs libxsite.so'
runs ./static
finish
