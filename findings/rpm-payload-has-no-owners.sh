#!/usr/bin/env bash
# Software: rpm2cpio, rpm2archive and rpm of rpm 4.18.0 (Debian 4.18.0+dfsg-1+deb12u1), GNU cpio 2.13 (2.13+dfsg-7.1), bsdtar of
# libarchive 3.6.2 (libarchive-tools 3.6.2-1+deb12u5). Needs root, and the user games of Debian's base.
#
# One would expect: "rpm2cpio p.rpm | cpio -id" and "bsdtar -xf p.rpm", as root, give the files of a package as rpm installs them;
# cpio's headers have owner and mode. rpm2archive, which is there for a full tar, has capabilities too.
#
# What happens: the cpio in a package says 0 for each owner (those who own files are in the package's header), but has the modes. A
# program that is setuid for games is unpacked as setuid root. rpm2archive knows owners; capabilities (%caps) are in no output.
#
# Seen (a program of 4755 games, and one with a capability):
#     rpm2cpio: root 4755, 0; bsdtar: root 4755, 0; rpm2archive: games 4755, 0; rpm -i: games 4755, 1
#
# Why it matters: a root filesystem that is put together from packages without rpm gives rights away that nobody wrote down, and
# takes others (ping). Take owners and capabilities from "rpm -qp --dump" and "--filecaps".
set -uo pipefail
[ "$(id -u)" = 0 ] && id games >/dev/null 2>&1 || { echo "needs root, and a user games" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/usr/sbin:$work/root/sbin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get rpm=4.18.0+dfsg-1+deb12u1 rpm2cpio=4.18.0+dfsg-1+deb12u1 rpm-common=4.18.0+dfsg-1+deb12u1 librpm9=4.18.0+dfsg-1+deb12u1 \
    librpmio9=4.18.0+dfsg-1+deb12u1 librpmbuild9=4.18.0+dfsg-1+deb12u1 librpmsign9=4.18.0+dfsg-1+deb12u1 liblua5.3-0=5.3.6-2 \
    libpopt0=1.19+dfsg-1 libelf1=0.188-2.1 libdw1=0.188-2.1 libgomp1=12.2.0-14+deb12u1 libmagic1=1:5.44-3 \
    libarchive13=3.6.2-1+deb12u5 libarchive-tools=3.6.2-1+deb12u5 cpio=2.13+dfsg-7.1 attr=1:2.5.1-4
export RPM_CONFIGDIR=$work/root/usr/lib/rpm HOME=$work PATH=$work/root/bin:$PATH

cat >spec <<END
Name: hello
Version: 1
Release: 1
Summary: Two programs
License: MIT
BuildArch: noarch
%description
Two programs.
%install
mkdir -p %{buildroot}/opt
echo one >%{buildroot}/opt/game
echo two >%{buildroot}/opt/ping
%files
%attr(4755,games,games) /opt/game
%caps(cap_net_raw=ep) /opt/ping
END
mkdir -p db rpm2cpio bsdtar rpm2archive rpm/etc rpm/var/lib/rpm
rpmbuild --define "_topdir $work/top" --define "_dbpath $work/db" -bb spec >log 2>&1 && cp top/RPMS/noarch/hello-1-1.noarch.rpm p.rpm ||
    { echo "cannot build: $(tail -n 1 log)" >&2; exit 2; }
grep -h '^\(root\|games\):' /etc/passwd >rpm/etc/passwd && grep -h '^\(root\|games\):' /etc/group >rpm/etc/group

(cd rpm2cpio && rpm2cpio ../p.rpm | cpio -id --quiet) 2>log && bsdtar -C bsdtar -xpf p.rpm 2>log && rpm2archive p.rpm 2>log &&
    tar --xattrs --xattrs-include='*' -C rpm2archive -xpf p.rpm.tgz 2>log && rpm --root "$work/rpm" --dbpath /var/lib/rpm --initdb 2>log &&
    rpm --root "$work/rpm" --dbpath /var/lib/rpm --nodeps --noscripts -i p.rpm 2>log || { echo "cannot be tried: $(tail -n 1 log)" >&2; exit 2; }
has() { echo "$1: $(stat -c '%U %a' "$1/opt/game"), $(getfattr --absolute-names -n security.capability "$1/opt/ping" 2>/dev/null | grep -c '^security')"; }
seen="$(has rpm2cpio); $(has bsdtar); $(has rpm2archive); $(has rpm | sed 's/^rpm:/rpm -i:/')"
echo "$seen"
[ "$seen" = "rpm2cpio: root 4755, 0; bsdtar: root 4755, 0; rpm2archive: games 4755, 0; rpm -i: games 4755, 1" ] || changed "owners or capabilities are kept otherwise"
