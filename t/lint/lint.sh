#!/bin/sh
#
# lint.sh <build folder>: what the compiler does not check.  Run from the top
# of the tree, after the objects are built; `make lint` does both.  Rules about
# text are in source.pl, rules about layers in layers.pl.
#
# One line a finding, "file:line: what"; ends with "lint: N files, M findings".

build=${1:-build/release}
here=$(dirname "$0")

sources=$(find src t -name '*.[ch]' | LC_ALL=C sort)

for glue in *.c; do
    test -f "$glue" && sources="$sources $glue"
done

# Ours, and those nginx's build made of the module.
objects=$(find "$build/obj" "$build/nginx/addon" -name '*.o' \
               ! -path '*/worker-fp/*' 2>/dev/null | LC_ALL=C sort)

out=$(
    perl "$here/source.pl" $sources
    # nm -A: every line names its object.
    test -z "$objects" || nm -A $objects | perl "$here/layers.pl"
    test -n "$objects" || echo "$build:0: no objects: build first"
)

findings=0

if [ -n "$out" ]; then
    printf '%s\n' "$out"
    findings=$(printf '%s\n' "$out" | wc -l)
fi

echo "lint: $(echo $sources | wc -w) files, $((findings)) findings"
test "$findings" -eq 0
