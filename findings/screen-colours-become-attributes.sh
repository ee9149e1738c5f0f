#!/usr/bin/env bash
# Software: GNU screen 4.9.0 (Debian 4.9.0-4) in tmux 3.3a (3.3a-3), which shows what screen sends on. No root.
#
# One would expect: a terminal without colours of 24 bits passes over "38;2;R;G;B", or shows the nearest of its 256
# colours, which screen has; and takes "4:3", the curly underline, for an underline or for nothing.
#
# What happens: screen drops the 38 and reads each number behind it as an attribute of its own: 2 is dim, and a red of 1,
# a green of 5 and a blue of 7 are bold, blinking and reversed. "4:3" becomes underline and italics. "38;5;196" is right.
#
# Seen (tmux's reading of what screen sends, and of the same bytes without screen between):
#     screen: 1;2;5;7 A, 2;3;4 B, 38;5;196 C, 3;4 D; tmux alone: 38;2;1;5;7 A, 48;2;4;3;9 B, 38;5;196 C, 4:3 D
#
# Why it matters: colours of 24 bits are harmless in most old terminals, and blink in this one, for some colours only. A
# program that is used over ssh inside screen asks terminfo, or keeps to 256 colours.
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
get screen=4.9.0-4 tmux=3.3a-3 libevent-core-2.1-7=2.1.12-stable-8 libutempter0=1.2.1-3 libtinfo6=6.4-4 ncurses-term=6.4-4
export LC_ALL=C.UTF-8 HOME=$work TERMINFO_DIRS=$work/root/usr/share/terminfo:/usr/share/terminfo:/lib/terminfo SCREENDIR=$work/s
mkdir -m 700 s

printf '\033[38;2;1;5;7mA\033[0m \033[48;2;4;3;9mB\033[0m \033[38;5;196mC\033[0m \033[4:3mD\033[0m\n' >bytes
echo 'cat bytes; sleep 20' >show
terminal() { tmux -S "$work/socket" "$@"; }
shown() { # COMMAND: the attributes before each letter
    terminal -f /dev/null new-session -d -x 80 -y 24 "exec env TERM=screen-256color $1"
    for _ in $(seq 100); do terminal capture-pane -p | grep -q D && break; sleep 0.1; done
    terminal capture-pane -p -e | head -n 1 | grep -oE '\[[0-9;:]+m[ABCD]' | tr -d '[' | sed 's/m/ /' | paste -sd, | sed 's/,/, /g'
    screen -X quit >quit 2>&1
    terminal kill-server 2>quit
    sleep 0.5
}
seen="screen: $(shown 'screen -c /dev/null sh show'); tmux alone: $(shown 'sh show')"
echo "$seen"
[ "$seen" = "screen: 1;2;5;7 A, 2;3;4 B, 38;5;196 C, 3;4 D; tmux alone: 38;2;1;5;7 A, 48;2;4;3;9 B, 38;5;196 C, 4:3 D" ] || { echo changed; exit 1; }
