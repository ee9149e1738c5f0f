#!/usr/bin/env bash
# Software: pyte 0.8.0 (Debian python3-pyte 0.8.0-2, python3-wcwidth 0.2.5+dfsg1-1.1), beside tmux 3.3a (3.3a-3); sequences by tput of
# ncurses 6.4 (ncurses-bin and ncurses-base 6.4-4). Needs python3.
#
# One would expect: pyte, a terminal in memory that programs for terminals are tested with, shows what a terminal shows. What it does
# not know it passes over, as terminals do: control sequences have one form, whatever they mean.
#
# What happens: of a string (DCS) it prints what is in it as text, such as the question for the terminal's name that editors ask when
# they begin. It has no second screen, so what a program showed stays behind when it has ended; nor does it repeat
# characters (rep) or go back by tabs (cbt), both of which ncurses uses for xterm. TERM=linux asks for none of it.
#
# Seen (the first line after that question, and after tput of TERM=xterm, by tmux and by pyte):
#     query: tmux z, pyte +q544ez; rep: tmux a---------z, pyte a-z; cbt: tmux .......z, pyte ...............z; smcup, rmcup: tmux beforez, pyte EDITze
#
# Why it matters: a test that passes in pyte has not seen what users see, and one that fails looks for a fault of the program. With
# another TERM than linux, use a real terminal, as tmux with capture-pane.
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
get python3-pyte=0.8.0-2 python3-wcwidth=0.2.5+dfsg1-1.1 tmux=3.3a-3 libevent-core-2.1-7=2.1.12-stable-8 libutempter0=1.2.1-3 \
    ncurses-bin=6.4-4 ncurses-base=6.4-4 libtinfo6=6.4-4
export LC_ALL=C.UTF-8 HOME=$work TERMINFO_DIRS=$work/root/lib/terminfo:$work/root/usr/share/terminfo

put() { tput -T xterm "$@"; }
printf '\033P+q544e\033\\z' >query
{ printf a; put rep 45 9; printf z; } >rep
{ printf '........'; put cbt; printf '.......z'; } >cbt
{ printf before; put smcup; printf '\rEDIT'; put rmcup; printf z; } >screens
cat >show.py <<'END'
import sys
sys.path.insert(0, "root/usr/lib/python3/dist-packages")
import pyte
screen = pyte.Screen(40, 5)
pyte.ByteStream(screen).feed(open(sys.argv[1], "rb").read())
print(screen.display[0].rstrip())
END
terminal() { tmux -S "$work/socket" "$@"; }
by_tmux() { # FILE: the first line
    terminal -f /dev/null new-session -d -x 40 -y 5 "cat $1; echo; echo end; sleep 20" || { echo "tmux cannot be tried" >&2; exit 2; }
    for _ in $(seq 100); do terminal capture-pane -p | grep -q end && break; sleep 0.1; done
    terminal capture-pane -p | head -n 1
    terminal kill-server
    sleep 0.3
}
seen=
for name in query rep cbt screens; do
    pyte=$(python3 show.py $name 2>error) || { echo "pyte: $(tail -n 1 error)" >&2; exit 2; }
    seen+="$name: tmux $(by_tmux $name), pyte $pyte; "
done
seen=${seen/screens/smcup, rmcup}
seen=${seen%; }
echo "$seen"
[ "$seen" = "query: tmux z, pyte +q544ez; rep: tmux a---------z, pyte a-z; cbt: tmux .......z, pyte ...............z; smcup, rmcup: tmux beforez, pyte EDITze" ] ||
    changed "another line"
