#!/bin/sh
# Starts flowtap with the Node that lies beside it.
home=$(dirname "$(readlink -f "$0")")
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || glibc='glibc 0'
glibc=${glibc#glibc }
needed=@GLIBC_MIN@
major=${glibc%%.*} minor=${glibc#*.}
minor=${minor%%.*}
if [ "$major" -lt "${needed%%.*}" ] || { [ "$major" -eq "${needed%%.*}" ] && [ "$minor" -lt "${needed#*.}" ]; }; then
  found="glibc $glibc"
  [ "$glibc" = 0 ] && found='no glibc'
  echo "flowtap: found $found; the runtime in this package needs glibc $needed or newer (Debian 10, Ubuntu 18.10, RHEL 8)" >&2
  echo 'flowtap: install the npm package with a Node 24 made for this system instead' >&2
  exit 1
fi
exec "$home/runtime/node" "$home/dist/flowtap.mjs" "$@"
