#!/bin/sh
# nginx-src.sh <folder> <apt folder>: the source of the nginx that is
# installed, from Debian.  /etc/apt is only read: the sites that packages come
# from are asked for sources too, with lists and cache of our own.

set -eu

folder=$1
apt=$2

mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/source"

apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' | sort -u \
    | awk '{ print "deb-src " $1 " " $2 " " $3 }' > "$apt/sources.list"

own()
{
    apt-get -q -o Dir::Etc::SourceList="$apt/sources.list" \
        -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists" \
        -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root "$@"
}

version=$(dpkg-query -W -f '${source:Version}' nginx-dev)

own update

# An older version may be gone from the archive: then the newest will do.
( cd "$apt/source"
  own --only-source source "nginx=$version" || own --only-source source nginx )

found=$(find "$apt/source" -maxdepth 1 -type d -name 'nginx-*' | sort | tail -n 1)
test -f "$found/configure" || test -f "$found/auto/configure"

rm -rf "$folder"
mv "$found" "$folder"

# Upstream's tree keeps it in auto/.
test -f "$folder/configure" || cp "$folder/auto/configure" "$folder/configure"
touch "$folder/configure"
