#!/usr/bin/env bash
# xsite data get: what is said, SIGINT, and a later run that goes on.  No request leaves this machine.
# usage: test_data_get.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
cd "$folder" || exit 1

# All but the own server is behind a proxy that is not there.
export http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1
mkdir server
mkfifo lifeline
python3 "$repository/tests/cli/download_server.py" server <lifeline &
exec 3>lifeline # the server ends with this script
for _ in $(seq 500); do [ -e server/port ] || sleep 0.02; done
mirror=http://127.0.0.1:$(cat server/port)
quick=(--data-dir data --tries 1 --pause 0 --connect-timeout 5 --stall-timeout 5)

expect 2 'data get needs SET' data get
expect 2 "did you mean 'digits'" data get digit "${quick[@]}"
expect 2 'pass --data-dir DIR or set XSITE_DATA' data get digits --data-dir ''
expect 2 'begins with http:// or https://' data get digits "${quick[@]}" --mirror /home
expect 0 'BSR_bsds500.tgz' data get --list
for text in f68b3c2dcbeaaa9fbdd348bbdeb94873 'licence: CC BY-SA 3.0' 'from https://www.csie.ntu.edu.tw'; do
  grep -qF "$text" stdout || complain "--list lacks $text"
done
[ -e data ] && complain 'a folder was made for nothing'

expect 1 'missing: HTTP status 404; https://ossci-datasets' data get mnist "${quick[@]}" --mirror "$mirror/missing"
grep -q 'mnist: licence: CC BY-SA 3.0' stderr || complain "no licence: $(cat stderr)"
[ "$(find data -type f | wc -l)" -eq 0 ] || complain "files of a download that failed: $(find data -type f)"

# Broken off by a signal, then continued; at its end the file is found to be another.
name=train-images-idx3-ubyte.gz
head -c 300000 server/files/data >server/files/$name
"$xsite" data get digits "${quick[@]}" --mirror "$mirror/slow" >stdout 2>stderr </dev/null &
process=$!
for _ in $(seq 500); do [ -s data/digits/mnist/$name.part ] || sleep 0.02; done
kill -INT $process
wait $process
status=$?
[ $status -eq 1 ] && grep -q 'stopped; the same command goes on' stderr || complain "SIGINT: status $status, $(cat stderr)"
size=$(stat -c %s data/digits/mnist/$name.part)
[ "$size" -gt 0 ] && [ "$size" -lt 300000 ] || complain "a broken download of $size bytes"
rm server/requests
expect 1 'slow: ' data get digits "${quick[@]}" --mirror "$mirror/slow"
grep -q "^/slow/$name $size\$" server/requests || complain "not continued at $size: $(cat server/requests)"
[ -e data/digits/mnist/$name ] && complain 'another file was taken for MNIST'

mkdir -p data/digits/mnist && echo mine >data/digits/mnist/$name
expect 1 'move it away, or give --overwrite' data get mnist "${quick[@]}" --mirror "$mirror/good"
[ "$(cat data/digits/mnist/$name)" = mine ] || complain 'a file of the user is gone'

# Where MD5 is forbidden nothing is asked for, and nothing is touched.
cat >openssl.cnf <<'END'
openssl_conf = init
[init]
alg_section = algorithms
[algorithms]
default_properties = fips=yes
END
rm -f server/requests
OPENSSL_CONF=$PWD/openssl.cnf expect 1 'get it where MD5 is allowed' data get mnist "${quick[@]}" --overwrite --mirror "$mirror/good"
grep -q "MD5 cannot be computed: this system's OpenSSL does not allow it" stderr || complain "MD5 forbidden: $(cat stderr)"
[ -e server/requests ] && complain "asked for in vain: $(cat server/requests)"
[ "$(cat data/digits/mnist/$name)" = mine ] || complain 'a file of the user is gone where MD5 is forbidden'

exec 3>&-
wait
finish
