#!/bin/bash
# Boots systemd as PID 1 in namespaces of its own, on a root file system in memory: programs and libraries are this
# machine's (/usr, read-only), everything else is made here. Called by booted-system.ts, inside the cgroups and the
# network namespace that it is to have. Nothing is written outside: its mounts are private and end with it, kernel
# parameters are read-only but for those of the network namespace, and of systemd's units only those named below exist.
#
#   boot.sh LAYOUT ROOT INSTALL [writable]   as root; LAYOUT of the cgroups is `unified`, or the older hierarchies
#                                 (`systemd memory …`); ROOT: an empty directory; INSTALL: a directory with what /usr/local
#                                 shall hold; writable: packages can be installed, into memory above this machine's /usr
set -euo pipefail

if [ "$$" -ne 1 ]; then
  exec unshare --pid --mount --uts --ipc --cgroup --fork --kill-child -- "$BASH" "$0" "$@"
fi
layout=$1 root=$2 install=$3 writable=${4:-}

mount --make-rprivate /
mount -t tmpfs -o mode=755 root "$root"
cd "$root"
mkdir -p usr etc/systemd/system proc sys dev run var/lib var/log tmp old

if [ -n "$writable" ]; then
  mkdir -p over/changes over/work
  mount -t overlay -o lowerdir=/usr,upperdir="$root/over/changes",workdir="$root/over/work" overlay usr
  cp -a /var/lib/dpkg var/lib/dpkg
  # Of users that are not here.
  : >var/lib/dpkg/statoverride
  cp -a /etc/alternatives etc/alternatives
else
  mount --bind /usr usr
  mount -o remount,bind,ro usr
fi
for name in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then
    cp -P "/$name" "$name"
  elif [ -d "/$name" ]; then
    mkdir "$name" && mount --bind "/$name" "$name" && mount -o remount,bind,ro "$name"
  fi
done
mount --bind "$install" usr/local

# The few units that any service leans on. The machine's own services, and what generators make of its /etc, stay out.
units=usr/lib/systemd/system
mkdir old/units
cp -P $units/{basic,sysinit,sockets,shutdown,multi-user,network,network-pre,network-online}.target \
  $units/systemd-journald{.service,.socket,-dev-log.socket} old/units
if [ -n "$writable" ]; then
  rm -rf $units && mkdir $units
else
  mount -t tmpfs -o mode=755 units $units
fi
cp -P old/units/* $units
mkdir $units/sysinit.target.wants
ln -s ../systemd-journald{.service,.socket,-dev-log.socket} $units/sysinit.target.wants
mount -t tmpfs -o mode=755 none usr/lib/systemd/system-generators

mount -t proc -o nosuid,noexec,nodev proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind /proc/sys/net proc/sys/net
mount -t sysfs -o nosuid,noexec,nodev,ro sysfs sys
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=755,nosuid dev dev
mkdir dev/shm dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
for node in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"
done
ln -s /proc/self/fd dev/fd

if [ "$layout" = unified ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
  for hierarchy in $layout; do
    mkdir "sys/fs/cgroup/$hierarchy"
    case $hierarchy in
      unified) mount -t cgroup2 cgroup2 sys/fs/cgroup/unified ;;
      systemd) mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd ;;
      *) mount -t cgroup -o "$hierarchy" cgroup "sys/fs/cgroup/$hierarchy" ;;
    esac
  done
fi

cp /etc/ld.so.cache etc/
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n' >etc/passwd
printf 'root:x:0:\nnogroup:x:65534:\nsystemd-journal:x:999:\n' >etc/group
printf 'passwd: files systemd\ngroup: files systemd\nhosts: files dns\n' >etc/nsswitch.conf
echo flowtap-test >etc/hostname
tr -d - </proc/sys/kernel/random/uuid >etc/machine-id

rmdir old/units 2>/dev/null || rm -r old/units
pivot_root . old
cd /
umount -l old
rmdir old
# As systemd makes it where it is not in a container: what it mounts for a service reaches its own mounts.
mount --make-rshared /
# It tells systemd that the machine is not its own: no clock, no console, no kernel parameters.
exec env -i container=flowtap-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
  /lib/systemd/systemd --system --unit=multi-user.target --log-target=journal --show-status=no </dev/null
