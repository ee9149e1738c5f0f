#!/usr/bin/env bash
# Software: bsdtar of libarchive 3.6.2 (Debian libarchive-tools and libarchive13 3.6.2-1+deb12u5), GNU cpio 2.13 (2.13+dfsg-7.1), rpm
# 4.18.0 (4.18.0+dfsg-1+deb12u1). What was written is read by GNU tar 1.34.
#
# One would expect: "bsdtar -cf out.tar @in.cpio" writes what is in a cpio archive, or in an RPM package, as a tar; and "bsdtar -xf in.cpio
# NAME" gives that file.
#
# What happens: in a cpio of the newc format, which RPM has too, the data of a file with several names stand with the last of them; the
# others have size 0. bsdtar writes the first name as an empty file, and the last as a hard link to it, without the data:
# the content is nowhere in the tar. Taken out alone, any name but the last is an empty file. Both exit 0 and say nothing.
# Unpacked as a whole, all is well; and "cpio -i NAME" and rpm2archive give the content.
#
# Seen (size of a file of 6 bytes with the names a and b):
#     cpio to tar: a 0, b 0; rpm to tar: a 0, b 0; rpm2archive: a 6, b 6
#     a alone: bsdtar 0, cpio 6; all: bsdtar 6
#
# Why it matters: it is the short way from a package or an initramfs to a layer, and hard links are in many packages (git, perl,
# busybox, zoneinfo). Unpack to a folder first, and make the tar of that; or use rpm2archive.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$work/root/usr/sbin:$work/root/sbin:$work/root/bin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 cpio=2.13+dfsg-7.1 rpm=4.18.0+dfsg-1+deb12u1 rpm-common=4.18.0+dfsg-1+deb12u1 \
    librpm9=4.18.0+dfsg-1+deb12u1 librpmio9=4.18.0+dfsg-1+deb12u1 librpmbuild9=4.18.0+dfsg-1+deb12u1 librpmsign9=4.18.0+dfsg-1+deb12u1 \
    liblua5.3-0=5.3.6-2 libpopt0=1.19+dfsg-1 libelf1=0.188-2.1 libdw1=0.188-2.1 libgomp1=12.2.0-14+deb12u1 libmagic1=1:5.44-3
export RPM_CONFIGDIR=$work/root/usr/lib/rpm HOME=$work

cat >spec <<END
Name: hello
Version: 1
Release: 1
Summary: A file
License: MIT
BuildArch: noarch
%description
A file.
%install
mkdir -p %{buildroot}
echo hello >%{buildroot}/a
ln %{buildroot}/a %{buildroot}/b
%files
/a
/b
END
rpmbuild --define "_topdir $work/top" --define "_dbpath $work/db" -bb spec >log 2>&1 || { echo "cannot build: $(tail -n 1 log)" >&2; exit 2; }
cp top/RPMS/noarch/hello-1-1.noarch.rpm hello.rpm && rpm2archive hello.rpm || exit 2
mkdir links && echo hello >links/a && ln links/a links/b && (cd links && printf 'a\nb\n' | cpio --quiet -o -H newc) >links.cpio || exit 2

sizes() { # COMMAND...: of what it unpacks
    local out=out.$RANDOM
    mkdir $out && (cd $out && "$@") || changed "an error: $*"
    (cd $out && for name in a b; do [ -e $name ] && stat -c '%n %s' $name; done) | paste -sd, | sed 's/,/, /'
}
bsdtar --format=pax -cf cpio.tar @links.cpio && bsdtar --format=pax -cf rpm.tar @hello.rpm || changed "an error of bsdtar's"
one() { sizes "$@" | cut -d' ' -f2; }
first="cpio to tar: $(sizes tar -xf ../cpio.tar); rpm to tar: $(sizes tar -xf ../rpm.tar); rpm2archive: $(sizes tar -xzf ../hello.rpm.tgz)"
second="a alone: bsdtar $(one bsdtar -xf ../links.cpio a), cpio $(one cpio --quiet -i a <links.cpio)"
all=$(sizes bsdtar -xf ../links.cpio)
[ "$all" = "a 6, b 6" ] && second+="; all: bsdtar 6"
echo "$first"
echo "$second"
[ "$first" = "cpio to tar: a 0, b 0; rpm to tar: a 0, b 0; rpm2archive: a 6, b 6" ] || changed "the tars have the content"
[ "$second" = "a alone: bsdtar 0, cpio 6; all: bsdtar 6" ] || changed "other files are unpacked"
