#!/usr/bin/env bash
# Software: tmux 3.3a (Debian 3.3a-3). No root.
#
# One would expect: a program in tmux that puts text on the clipboard by OSC 52 reaches the terminal around it: set-clipboard is
# "external" by default, which sounds like it, and if not, the sequence can be wrapped ("\ePtmux;…") to be passed through.
#
# What happens: neither arrives. "external" is for tmux's own copies; what a program sends is ignored unless it is "on".
# What is wrapped is ignored too, since 3.3: allow-passthrough is off. The program cannot tell. "tmux load-buffer -w -" (since
# 3.2) puts text on the terminal's clipboard with all settings as they are.
#
# Seen (a tmux in a tmux that takes OSC 52; what the outer one has):
#     OSC 52: nothing; wrapped: nothing; load-buffer -w: text
#     OSC 52 with set-clipboard on: text; wrapped with allow-passthrough on: text
#
# Why it matters: a program says "copied", and what is pasted is what was copied before. In tmux, call tmux.
set -uo pipefail
work=$(mktemp -d)
end() { tmux -S "$work/inner" kill-server 2>/dev/null; tmux -S "$work/outer" kill-server 2>/dev/null; rm -rf "$work"; }
trap end EXIT
cd "$work" || exit 2

{ apt-get download -qq tmux=3.3a-3 libevent-core-2.1-7=2.1.12-stable-8 libutempter0=1.2.1-3 &&
    for deb in ./*.deb; do dpkg -x "$deb" root || exit 2; done; } >/dev/null 2>&1 || { echo "cannot install" >&2; exit 2; }
export PATH=$work/root/usr/bin:$PATH LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu LC_ALL=C.UTF-8 HOME=$work
unset TMUX

outer() { tmux -S "$work/outer" "$@"; }
inner() { tmux -S "$work/inner" "$@"; }
outer -f /dev/null new-session -d -x 100 -y 30 "exec env TERM=tmux-256color PS1='ready> ' tmux -f /dev/null -S $work/inner new-session 'exec bash --norc'"
outer set-option -s set-clipboard on
for _ in $(seq 100); do inner capture-pane -p 2>/dev/null | grep -q ready && break; sleep 0.1; done

printf '\033]52;c;dGV4dA==\a' >plain
printf '\033Ptmux;\033\033]52;c;dGV4dA==\a\033\\' >wrapped
printf text >text
after() { # COMMAND: what the outer has then
    inner send-keys -l "$1; echo en''ded"
    inner send-keys Enter
    for _ in $(seq 50); do inner capture-pane -p | grep -q ended && break; sleep 0.1; done
    sleep 1
    local has; has=$(outer show-buffer 2>/dev/null)
    outer delete-buffer 2>/dev/null
    inner send-keys -l clear
    inner send-keys Enter
    sleep 0.5
    echo "${has:-nothing}"
}
first="OSC 52: $(after 'cat plain'); wrapped: $(after 'cat wrapped'); load-buffer -w: $(after 'tmux load-buffer -w - <text')"
inner set-option -s set-clipboard on
second="OSC 52 with set-clipboard on: $(after 'cat plain')"
inner set-option -s set-clipboard external
inner set-option -g allow-passthrough on
second="$second; wrapped with allow-passthrough on: $(after 'cat wrapped')"
echo "$first"
echo "$second"
[ "$second" = "OSC 52 with set-clipboard on: text; wrapped with allow-passthrough on: text" ] || { echo "cannot be tried" >&2; exit 2; }
[ "$first" = "OSC 52: nothing; wrapped: nothing; load-buffer -w: text" ] || { echo "changed"; exit 1; }
