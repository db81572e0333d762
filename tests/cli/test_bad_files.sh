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
expect 1 '(3 of 5 images cannot be read; repair them, or leave them out with --skip-unreadable)' train --data films.yaml \
  --out trained
expect 1 'site films has no labels' train --data films.yaml --out trained --skip-unreadable

finish
