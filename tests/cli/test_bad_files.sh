#!/usr/bin/env bash
# Image folders and label files with something wrong in them, as a user meets it: each is named with the reason, all are
# counted and listed, and work goes on without them only when asked.
# usage: test_bad_files.sh XSITE REPOSITORY
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh" "$1" "$2"
golden=$repository/tests/golden/images
cd "$folder" || exit 1

# ---- no regular files ------------------------------------------------------------------------------

mkdir films
cp "$golden/gray.png" films/right.png
cp "$golden/turned.png" films/other.png
mkfifo films/pipe.png
ln -s /dev/zero films/zeros.jpg
mkdir films/folder.dcm
printf 'name: films\nformat: folder\nimages: films\nsize: 8\n' >films.yaml
printf 'name: pipe\nformat: idx\nimages: films/pipe.png\nlabels: none\nclasses: [a, b]\n' >pipe.yaml
expect 3 '3 of 5 images of films cannot be read' data check films.yaml --out checked
contains stdout 'films/pipe.png: is a pipe, a file is needed' 'films/zeros.jpg: is a device, a file is needed' \
  'films/folder.dcm: is a folder, a file is needed'
expect 1 'films/pipe.png: is a pipe' train --data pipe.yaml --out trained
expect 1 '(3 of 5 images cannot be read; `xsite data check films.yaml --out DIR` lists them; repair them, or leave them out with --skip-unreadable)' train --data films.yaml \
  --out trained
expect 1 'site films has no labels' train --data films.yaml --out trained --skip-unreadable

# ---- damaged, empty, of another kind, far too large ------------------------------------------------

# png WIDTH HEIGHT BYTES: a gray PNG of this header whose pixels unpack to so many bytes of 0.
png() {
  python3 - "$@" <<'END'
import struct, sys, zlib
width, height, size = map(int, sys.argv[1:])
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                        + chunk(b"IDAT", zlib.compress(bytes(size), 9)) + chunk(b"IEND", b""))
END
}
rm -r films && mkdir films
cp "$golden/gray.jpg" films/jpeg.png
cp "$golden/explicit.dcm" films/dicom.jpg
head -c 200 "$golden/gray.png" >films/cut.png
head -c 300 "$golden/gray.jpg" >films/cut.jpg
head -c 500 "$golden/explicit.dcm" >films/cut.dcm
sed s/MONOCHROME2/MONOCHROME3/ "$golden/explicit.dcm" >films/kind.dcm
{ head -c 33 films/cut.png && printf '\x60\0\0\0eXIfMM'; } >films/announced.png
: >films/empty.png
echo '<html>404</html>' >films/page.jpg
png 60000 60000 1000 >films/large.png
sed 's/\xff\xc0\(...\)..../\xff\xc0\1\xea\x60\xea\x60/' "$golden/gray.jpg" >films/large.jpg
cp "$golden/bad-large.dcm" films/large.dcm
png 60000 60000 100000000 >films/bomb.png
png 9 9 100000000 >films/rest.png # what follows the last row is not unpacked
expect 3 '11 of 14 images of films cannot be read' data check films.yaml --out checked --json
contains stdout 'films/cut.png: cannot be decoded as PNG: the file ends too early' \
  'films/announced.png: cannot be decoded as PNG: the file ends too early' 'films/cut.jpg: cannot be decoded as JPEG' \
  'films/cut.dcm: cannot be read as DICOM: it is damaged or cut short' \
  'films/kind.dcm: cannot be read as DICOM: PhotometricInterpretation (0028,0004) is \"MONOCHROME3\"' 'films/empty.png: an empty file; get it again' \
  'films/page.jpg: not a PNG, JPEG, TIFF, BMP or DICOM file (17 bytes), whatever its name says' \
  'films/large.png: cannot be decoded as PNG: 60000 x 60000 pixels in a file of' \
  'films/large.jpg: cannot be decoded: 60000 x 60000 pixels, at most' \
  'films/large.dcm: cannot be decoded: 60000 x 60000 pixels, at most' \
  'films/bomb.png: cannot be decoded as PNG: 60000 x 60000 pixels in a file of'
contains checked/check.html films/announced.png films/bomb.png films/cut.dcm films/cut.jpg films/cut.png films/empty.png \
  films/large.dcm films/large.jpg films/large.png films/page.jpg

# idx DIM...: the head of an IDX file of bytes.
idx() {
  printf '%b' "$({ printf '000008%02x' $# && printf '%08x' "$@"; } | sed -E 's/(..)/\\x\1/g')"
}
{ idx 10 && printf '\0\1\0\1\0\1\0\1\0\1'; } >idx-labels
{ idx 10 8 8 && head -c 100000000 /dev/zero; } | gzip >bomb.gz
{ idx 1000000 28 28 && head -c 1000000 /dev/zero; } | gzip >announced.gz
printf 'name: idx\nformat: idx\nimages: bomb.gz\nlabels: idx-labels\nclasses: [a, b]\n' >idx.yaml
expect 1 'bomb.gz: more data than the header announces (640 bytes of values)' train --data idx.yaml --out trained
sed -i s/bomb/announced/ idx.yaml
expect 1 'announced.gz: truncated or damaged' train --data idx.yaml --out trained

# ---- label files -----------------------------------------------------------------------------------

python3 "$repository/tests/support/two_class_sites.py" . || exit 1
cp clinic.csv right.csv
train=(train --data clinic.yaml --out trained --size 16 --epochs 1 --batch 8 --limit 200 --threads 1)

# refused TEXT: training and the check say the same.
refused() {
  expect 1 "$1" "${train[@]}"
  expect 1 "$1" data check clinic.yaml --out checked
  [ -e trained/model.safetensors ] && complain "trained in spite of: $1"
}
# edited SED-SCRIPT TEXT: the label file, changed so, is refused.
edited() {
  sed "$1" right.csv >clinic.csv
  refused "$2"
}
edited '4s/clinic-1/clinic\x001/' 'clinic.csv:4: byte 21 of the line is 0; the file is damaged or no text'
edited '4s/clinic-1/cl\xednic-1/' 'clinic.csv:4: column 3 ("patient"): the byte 0xed is not UTF-8; convert the file'
edited '4s/clinic-1/"clinic-1/' 'clinic.csv:4: column 3 ("patient"): its quotes do not end'
edited '4s/clinic-1/clinic"1/' 'clinic.csv:4: column 3 ("patient"): not CSV: a quote inside of a cell'
edited '4s/clinic-1/"clinic-1/;6s/clinic-2/clinic-2"/' 'clinic.csv:4: "patient" goes over lines; check the quotes'
edited '4s/,[^,]*$//' 'clinic.csv:4: 4 cells, the header has 5: none for "age"; complete the row'
edited '4s/$/,x/' 'clinic.csv:4: 6 cells, the header has 5; a cell with commas needs quotes'
edited '4s/,clinic-1,/,,/' 'clinic.csv:4: "patient" is empty; every image needs one'
edited '4s/finding\|normal/nomal/' 'clinic.csv:4: label "nomal" is not a class of clinic.yaml ("normal", "finding")'
edited '4s,^2,../ward/2,' 'clinic.csv:4: image "../ward/2.png" leads out of the folder of images'
edited "4s,^2,$PWD/ward/2," "clinic.csv:4: image \"$PWD/ward/2.png\" leads out of the folder of images"
edited '$a 2.png,finding,x,F,50\n2.png,normal,x,F,50' 'clinic.csv:502: image "2.png" was already on line 4'
contains stderr 'keep one of them (2 rows list an image again)'
sed '4s/finding/normal/;$a ./2.png,finding,x,F,50' right.csv >clinic.csv
refused 'clinic.csv:502: image "2.png" was already on line 4, with another label; keep one of them'
iconv -f utf-8 -t utf-16 right.csv >clinic.csv && refused 'clinic.csv: is UTF-16; save it as UTF-8'
: >clinic.csv && refused 'clinic.csv: no rows; expected a header row and a row per image'
sed 's/$/\r/;1s/^/\xef\xbb\xbf/' right.csv >clinic.csv && expect 0 'validation AUC' "${train[@]}"
rm -r trained
head -c 10000000 /dev/zero | tr '\0' x | gzip >x.gz # parts of a file of gzip may follow each other
{ gzip -c right.csv && for _ in $(seq 60); do cat x.gz; done; } >bomb.csv.gz
sed s/clinic.csv/bomb.csv.gz/ clinic.yaml >bomb.yaml
expect 1 'bomb.csv.gz: unpacks to far more than such a file should hold' train --data bomb.yaml --out trained
rm bomb.csv.gz
printf 'name: caf\xe9\n' >latin.yaml
expect 2 'latin.yaml:1: not UTF-8 text' data check latin.yaml --out checked
cp right.csv clinic.csv

# One patient at two sites, unless they share their groups.
sed 's/,annex-/,clinic-/' annex.csv >same && mv same annex.csv
expect 3 'fault patient-ids: 250 patient ids are at more than one site' data check clinic.yaml annex.yaml --out checked
for name in clinic annex; do echo 'group_prefix: city' >>$name.yaml; done
expect 0 '0 faults' data check clinic.yaml annex.yaml --out checked

# ---- links, and files that vanish ------------------------------------------------------------------

mv clinic/2.png elsewhere.png
refused_missing() {
  expect 1 "clinic.csv:4: image \"2.png\" is not in clinic; $1" "${train[@]}"
  contains stderr '(1 of 500 images is not there; `xsite data check clinic.yaml --out DIR` lists them; --skip-unreadable leaves them out)'
  expect 3 '1 image that clinic lists is not there; the first: clinic.csv:4: image "2.png"' data check clinic.yaml --out checked
  contains stdout 'clinic: 2.png, clinic.csv:4: not there'
}
refused_missing 'correct the row or remove it'
ln -s nowhere.png clinic/2.png && refused_missing 'it is a link that leads nowhere, or in a circle'
ln -sf 2.png clinic/2.png && refused_missing 'it is a link that leads nowhere, or in a circle'
ln -sf ../elsewhere.png clinic/2.png && expect 0 'validation AUC' "${train[@]}" # a link to an image is one
rm -r trained
printf 'name: x\nsites: [clinic.yaml, ward.yaml]\npairs: [clinic -> ward]\n' >study.yaml
node=(study node study.yaml --out run --threads 1 --set size=16 --set classifier.epochs=1 --set classifier.batch=64
  --set adapter.channels=2 --set adapter.blocks=1 --set adapter.batch=4 --set adapter.generator_steps=2)
expect 0 '' "${node[@]}" baseline-clinic
rm elsewhere.png
expect 1 'clinic.csv:4: image "2.png" is not in clinic; it is a link that leads nowhere' "${node[@]}" translator-paper-clinic-ward
expect 1 'other images or labels of clinic' "${node[@]}" translator-paper-clinic-ward --skip-unreadable

finish
