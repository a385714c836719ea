#!/bin/sh
# nginx-src.sh <folder> <apt folder>: the source of the nginx that is
# installed, from Debian.  /etc/apt is only read: the sites that packages come
# from are asked for sources too, with lists and cache of our own.

set -eu

folder=$1
apt=$2

mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/source"

apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' | sort -u \
    | awk '{ print "deb-src " $1 " " $2 " " $3 }' > "$apt/sources.list"

# own <apt tool> <arguments>
own()
{
    tool=$1
    shift
    "$tool" -q -o Dir::Etc::SourceList="$apt/sources.list" \
        -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists" \
        -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root "$@"
}

own apt-get update

# A mirror may have dropped a version, or not have it yet: then the next one.
versions=$(dpkg-query -W -f '${source:Version}' nginx-dev
           own apt-cache showsrc --only-source nginx \
               | sed -n 's/^Version: / /p' | sort -Vr)

for version in $versions; do
    rm -rf "$apt/source"
    mkdir -p "$apt/source"

    if ( cd "$apt/source" && own apt-get --only-source source \
             "nginx=$version" ); then
        break
    fi
done

found=$(find "$apt/source" -maxdepth 1 -type d -name 'nginx-*')
test -n "$found" || { echo "no source of nginx can be had" >&2; exit 1; }

rm -rf "$folder"
mv "$found" "$folder"

# Upstream's tree keeps it in auto/.
test -f "$folder/configure" || cp "$folder/auto/configure" "$folder/configure"
touch "$folder/configure"
