#!/usr/bin/env bash
# jobs/site: mkdocs has nothing to say against the pages and their links, and each page, its pictures and what it links to are there.
set -euo pipefail
/usr/bin/python3 -m mkdocs --version >/dev/null 2>&1 || { echo "skipped: mkdocs is not there"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$VOLLEY_SOURCE/jobs/site" "$folder/site"
for file in index.html docs/tutorial.html docs/models.html docs/pictures/figure_raster.png jobs/embed/host.c docs/manual.txt \
  search/search_index.json jobs/experiments/index.html; do
  [ -s "$folder/site/$file" ] || { echo "FAIL: no $file"; exit 1; }
done
grep -q 'iaf_psc_exp' "$folder/site/docs/models.html"
[ "$(find "$folder/site" -name '*.html' | wc -l)" -gt 25 ]
