#!/usr/bin/env bash
# Software: ncurses 6.4 (Debian libncursesw6 6.4-4), in nano 7.2 (7.2-1+deb12u1) and ncdu 1.18 (1.18-0.2); tmux 3.3a (3.3a-3)
# as the terminal. No root.
#
# One would expect: a program that ends by endwin() gives the terminal back with all of its lines to scroll in, whatever
# size the program took it to have.
#
# What happens: ncurses scrolls within margins (DECSTBM, `csr`) and afterwards sets them to the height that it knows. It
# resets them when it enters the screen, not when it leaves. Where the terminal is higher than the program knew (a resize
# that was on its way, a height set by stty or by LINES), the shell that comes back scrolls in the upper lines alone.
#
# Seen (a terminal of 30 lines, a program that knows of 10; the last line to scroll, counted from 0):
#     before 29; after nano 9; after ncdu 9
#
# Why it matters: at the bottom of a terminal whose margins end above it, each line of a shell is written over the one
# before: an exit message that stands there is gone. A program on ncurses sends DECSTBM without numbers before endwin().
set -uo pipefail
work=$(mktemp -d)
end() { tmux -S "$work/socket" kill-server 2>/dev/null; rm -rf "$work"; }
trap end EXIT
cd "$work" || exit 2

{ apt-get download -qq libncursesw6=6.4-4 libtinfo6=6.4-4 nano=7.2-1+deb12u1 ncdu=1.18-0.2 tmux=3.3a-3 libevent-core-2.1-7=2.1.12-stable-8 \
    libutempter0=1.2.1-3 && for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done; } >/dev/null 2>&1 ||
    { echo "cannot install" >&2; exit 2; }
export PATH=$work/root/usr/bin:$work/root/bin:$PATH LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
export LC_ALL=C.UTF-8 HOME=$work
seq 100 >lines
mkdir files && (cd files && touch $(seq 100))

terminal() { tmux -S "$work/socket" "$@"; }
await() { for _ in $(seq 100); do terminal capture-pane -p | grep -q "$1" && return; sleep 0.1; done; }
after() { # what is run, and the keys that end it: the last line to scroll
    terminal -f /dev/null new-session -d -x 80 -y 30 "exec env PS1='ready> ' TERM=screen bash --norc --noprofile -i"
    await ready
    if [ $# -gt 0 ]; then
        terminal send-keys -l "stty rows 10; $1"
        terminal send-keys Enter
        sleep 2
        for _ in $(seq 20); do terminal send-keys Down; sleep 0.1; done
        terminal send-keys "$2"
        sleep 2
    fi
    terminal display-message -p '#{scroll_region_lower}'
    terminal kill-server
    sleep 0.5
}
seen="before $(after); after nano $(after 'nano lines' C-x); after ncdu $(after 'ncdu files' q)"
echo "$seen"
[ "$seen" = "before 29; after nano 9; after ncdu 9" ] || { echo "changed"; exit 1; }
