"""A terminal to drive: tmux with a server of its own. Nothing here waits for a time, but for what the screen shows."""
import os
import re
import subprocess
import time

PATIENCE = float(os.environ.get("PATIENCE", "30"))  # seconds, after which a wait has failed
SEQ = re.compile(r"seq=(\d+)\s*$", re.M)
PROMPT = "ready$ "


class Failure(Exception):
    """What a flow found wrong, in words."""


class Screen:
    """An interactive shell in a terminal, in which programs are run."""
    number = 0

    def __init__(self, scratch, env, inside="screen-256color", size=(100, 30)):
        Screen.number += 1
        self.socket = "lamina-%d-%d" % (os.getpid(), Screen.number)
        self.env = {**os.environ, **env, "TERM": "xterm-256color", "TMUX_TMPDIR": scratch}
        self.env.pop("TMUX", None)
        self.program_term = env.get("TERM")
        self.seq = 0
        config = os.path.join(scratch, self.socket + ".conf")
        with open(config, "w", encoding="ascii") as f:
            f.write("set -g default-terminal %s\nset -g status off\nset -sg escape-time 0\nset -g history-limit 5000\n"
                    "set -g set-titles off\nset -g allow-rename off\n" % inside)
        self._tmux("-f", config, "new-session", "-d", "-s", "t", "-x", str(size[0]), "-y", str(size[1]), "-c", scratch,
                   "exec env PS1='%s' PROMPT_COMMAND= HISTFILE= bash --norc --noprofile -i" % PROMPT)
        self.wait(PROMPT.strip())

    def _tmux(self, *words):
        done = subprocess.run(["tmux", "-L", self.socket, *words], env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            raise Failure("tmux %s: %s" % (words[0], done.stderr.decode("utf-8", "replace")))
        return done.stdout.decode("utf-8", "replace")

    def close(self):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], env=self.env, stderr=subprocess.DEVNULL, check=False)

    # Looking

    def text(self):
        return self._tmux("capture-pane", "-p", "-t", "t")

    def rows(self):
        return self.text().split("\n")

    def raw(self):
        """With colours and attributes."""
        return self._tmux("capture-pane", "-p", "-e", "-t", "t")

    def buffer(self):
        """What was copied last."""
        return self._tmux("show-buffer")

    def until(self, holds, what):
        deadline = time.monotonic() + PATIENCE
        while True:
            text = self.text()
            if holds(text):
                return text
            if time.monotonic() > deadline:
                raise Failure("waited for %s; the screen shows:\n%s" % (what, text))
            time.sleep(0.005)

    def wait(self, *texts):
        return self.until(lambda shown: all(t in shown for t in texts), " and ".join(map(repr, texts)))

    def wait_gone(self, text):
        return self.until(lambda shown: text not in shown, "no more %r" % text)

    def settle(self):
        """Until all keys so far are handled, and what they began has ended."""
        return self.until(lambda shown: self._shown(shown) == self.seq, "seq=%d" % self.seq)

    @staticmethod
    def _shown(text):
        match = SEQ.search(text)
        return int(match[1]) if match else -1

    def see(self, *texts):
        shown = self.text()
        for text in texts:
            if text not in shown:
                raise Failure("no %r on the screen:\n%s" % (text, shown))

    # Typing

    def _send(self, literal, words):
        self._tmux("send-keys", "-t", "t", *(["-l"] if literal else []), *([] if literal else []), "--", *words)

    def keys(self, words):
        """Keys by tmux's names, apart by blanks. What follows Escape waits, so that they do not become one key."""
        for word in words.split():
            self._send(len(word) == 1, [word])
            self.seq += 1
            if word == "Escape":
                self.settle()
        return self.settle()

    def press(self, word):
        """One key; nothing is waited for."""
        self._send(len(word) == 1, [word])
        self.seq += 1

    def type(self, text):
        self._send(True, [text])
        self.seq += len(text)
        return self.settle()

    def command(self, text):
        """A command of the editor, by its name."""
        self._send(True, [":" + text])
        self._send(False, ["Enter"])
        self.seq += len(text) + 2
        return self.settle()

    def answer(self, text):
        """Types over what a prompt holds."""
        self._send(False, ["C-u"])
        self._send(True, [text])
        self._send(False, ["Enter"])
        self.seq += len(text) + 2
        return self.settle()

    # Programs

    def shell(self, line):
        self._send(True, [line])
        self._send(False, ["Enter"])

    def start(self, *words, first="seq=0"):
        """Runs the program until it takes keys."""
        self.seq = 0
        self.shell(self.command_line(*words))
        return self.wait(first)

    def command_line(self, *words):
        term = "TERM=%s " % self.program_term if self.program_term else ""
        return "clear; %s%s; echo exit=$?" % (term, " ".join(words))

    def leave(self, words, status=0):
        """Keys, the last of which ends the program."""
        for word in words.split():
            self.press(word)
        self.wait("exit=%d" % status)

    def resize(self, width, height):
        self._tmux("resize-window", "-t", "t", "-x", str(width), "-y", str(height))

    def pid(self):
        """Of the program that the shell runs."""
        shell = self._tmux("list-panes", "-t", "t", "-F", "#{pane_pid}").strip()
        with open("/proc/%s/task/%s/children" % (shell, shell), encoding="ascii") as f:
            children = f.read().split()
        if len(children) != 1:
            raise Failure("the shell has %d children" % len(children))
        return int(children[0])

    def state(self, what):
        return self._tmux("display-message", "-p", "-t", "t", "#{%s}" % what).strip()
