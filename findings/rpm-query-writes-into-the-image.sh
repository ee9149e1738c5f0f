#!/usr/bin/env bash
# Software: rpm 4.18.0 (Debian 4.18.0+dfsg-1+deb12u1), its database in SQLite.
#
# One would expect: "rpm --root TREE -qa" lists the packages of an image that was unpacked to TREE, as on the image's own
# system, and a query changes nothing there.
#
# What happens: Debian's rpm looks for the database in the home of who runs it, below TREE (%_dbpath is $HOME/.rpmdb), not
# in /var/lib/rpm. It lists nothing, exits 0, and leaves a new empty database there. With "--dbpath /var/lib/rpm" it lists
# the packages, and leaves rpmdb.sqlite-shm and rpmdb.sqlite-wal beside the database, which is itself as before.
#
# Seen (who has the home /srv/me):
#     -qa: 0 packages, exit 0, new: /srv/me/.rpmdb/rpmdb.sqlite /srv/me/.rpmdb/rpmdb.sqlite-shm /srv/me/.rpmdb/rpmdb.sqlite-wal
#     --dbpath /var/lib/rpm -qa: 1 package, exit 0, new: /var/lib/rpm/rpmdb.sqlite-shm /var/lib/rpm/rpmdb.sqlite-wal
#
# Why it matters: who looks into an unpacked image and packs it again (umoci repack, buildah commit) has files in the new
# layer that nobody put there, and other digests than before; and "no packages" was an answer about another folder.
set -uo pipefail
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
get rpm=4.18.0+dfsg-1+deb12u1 rpm-common=4.18.0+dfsg-1+deb12u1 librpm9=4.18.0+dfsg-1+deb12u1 librpmio9=4.18.0+dfsg-1+deb12u1 \
    librpmbuild9=4.18.0+dfsg-1+deb12u1 librpmsign9=4.18.0+dfsg-1+deb12u1 liblua5.3-0=5.3.6-2 libpopt0=1.19+dfsg-1 \
    libelf1=0.188-2.1 libdw1=0.188-2.1 libgomp1=12.2.0-14+deb12u1 libmagic1=1:5.44-3 libarchive13=3.6.2-1+deb12u5
export RPM_CONFIGDIR=$work/root/usr/lib/rpm HOME=/srv/me

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
mkdir -p %{buildroot}/opt
echo hello >%{buildroot}/opt/hello
%files
/opt/hello
END
mkdir -p tree/var/lib home
rpmbuild --define "_topdir $work/top" --define "_dbpath $work/home" -bb spec >log 2>&1 || { echo "cannot build: $(tail -n 1 log)" >&2; exit 2; }
own="--root $work/tree --dbpath /var/lib/rpm"
rpm $own --initdb 2>log && rpm $own --nodeps --noscripts -i top/RPMS/noarch/hello-1-1.noarch.rpm 2>log ||
    { echo "cannot install: $(tail -n 1 log)" >&2; exit 2; }
# as a layer has it whose maker closed the database
[ ! -s tree/var/lib/rpm/rpmdb.sqlite-wal ] && rm -f tree/var/lib/rpm/rpmdb.sqlite-* tree/var/lib/rpm/.rpm.lock || exit 2

files() { (cd tree && find . -type f ! -name .rpm.lock | cut -c2- | sort); }
query() { # OPTION...: what it says and leaves
    local before count status
    before=$(files)
    rpm --root "$work/tree" "$@" -qa >listed 2>log; status=$?
    count=$(wc -l <listed)
    echo "$count package$([ "$count" = 1 ] || echo s), exit $status, new: $(comm -13 <(echo "$before") <(files) | paste -sd ' ')"
}
sum=$(sha256sum <tree/var/lib/rpm/rpmdb.sqlite)
plain=$(query)
with=$(query --dbpath /var/lib/rpm)
echo "-qa: $plain"
echo "--dbpath /var/lib/rpm -qa: $with"
home=/srv/me/.rpmdb/rpmdb.sqlite var=/var/lib/rpm/rpmdb.sqlite
[ "$plain" = "0 packages, exit 0, new: $home $home-shm $home-wal" ] || changed "rpm finds another database, or leaves none"
[ "$with" = "1 package, exit 0, new: $var-shm $var-wal" ] || changed "the query leaves something else"
[ "$(sha256sum <tree/var/lib/rpm/rpmdb.sqlite)" = "$sum" ] || changed "the database itself changes"
