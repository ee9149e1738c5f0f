#!/usr/bin/env bash
# Software: vercmp of pacman 6.0.2 (Debian makepkg 6.0.2-3, libalpm13 13.0.2-3), dpkg 1.21.23, rpm 4.18.0 (rpm
# 4.18.0+dfsg-1+deb12u1).
#
# One would expect: pacman's comparison of versions, which was made after rpm's, gives rpm's answers: a tilde comes before
# everything (1.0~rc1 is before 1.0), letters behind a number make it later, and a version without a release is one of its own.
#
# What happens: for pacman a tilde is one separator of many, so 1.0~rc1 is after 1.0, and 1.0rc1 before it: the opposite of what
# dpkg and rpm say, both times. And 1.0 is equal to 1.0-1 and to 1.0-7.
#
# Seen (whether the first is older, newer or the same, by vercmp, dpkg and rpm):
#     1.0~rc1 1.0: newer older older; 1.0rc1 1.0: older newer newer; 1.0 1.0-7: same older older; 1.0a 1.0.1: older older older
#
# Why it matters: what reads the packages of images of several distributions compares versions with those of advisories. One
# order for all of them calls a release candidate mended, or a mended release not, on Arch alone.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2

get() { # NAME=VERSION...: into $work/root
    { apt-get download -qq "$@" && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done && rm -f ./*.deb; } >/dev/null 2>&1 ||
        { echo "cannot install $*" >&2; exit 2; }
    export PATH=$work/root/usr/bin:$PATH
    export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
}
changed() { echo "changed: $*"; exit 1; }
get makepkg=6.0.2-3 libalpm13=13.0.2-3 dpkg=1.21.23 rpm=4.18.0+dfsg-1+deb12u1 librpm9=4.18.0+dfsg-1+deb12u1 librpmio9=4.18.0+dfsg-1+deb12u1 \
    rpm-common=4.18.0+dfsg-1+deb12u1 liblua5.3-0=5.3.6-2
export RPM_CONFIGDIR=$work/root/usr/lib/rpm HOME=$work

word() { case $1 in -1) echo older ;; 0) echo same ;; 1) echo newer ;; *) echo "?" ;; esac; }
by_dpkg() { for of in lt:-1 eq:0 gt:1; do dpkg --compare-versions "$1" "${of%:*}" "$2" && echo "${of#*:}" && return; done; }
by_rpm() { rpm --eval "%{lua: print(rpm.vercmp('$1', '$2'))}" 2>error; }
seen=
while read -r one other; do
    seen+="${seen:+; }$one $other: $(word "$(vercmp "$one" "$other")") $(word "$(by_dpkg "$one" "$other")") $(word "$(by_rpm "$one" "$other")")"
done <<'END'
1.0~rc1 1.0
1.0rc1 1.0
1.0 1.0-7
1.0a 1.0.1
END
[[ $seen != *"?"* ]] || { echo "cannot compare: $seen $(cat error)" >&2; exit 2; }
echo "$seen"
[ "$seen" = "1.0~rc1 1.0: newer older older; 1.0rc1 1.0: older newer newer; 1.0 1.0-7: same older older; 1.0a 1.0.1: older older older" ] ||
    changed "another order"
