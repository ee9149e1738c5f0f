#!/usr/bin/env python3
"""Completion in bash, zsh and fish: the line is typed in a shell of each kind, and what it offers is read.

bash and zsh run in a terminal of their own; a key of theirs puts all that may follow into the line, another prints the line.
"""
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prop"))
import lamina  # noqa: E402

PATIENCE = 60
PASSED, FAILURES = [], []
BASH = r"""
source /usr/share/bash-completion/bash_completion
source %(out)s/lamina.bash
bind -x '"\C-xs": printf "<<%%s>>\n" "$READLINE_LINE"'
bind '"\C-xa": insert-completions'
bind '"\C-xk": kill-whole-line'
bind 'set enable-bracketed-paste off'
lamina() { printf '<<%%s>>\n' "${@: -1}"; }
PS1=; echo "<<ready>>"
"""
ZSH = r"""
fpath=(%(out)s $fpath)
autoload -U compinit && compinit -u -d %(out)s/zcompdump
zstyle ':completion:*' completer _complete
zstyle ':completion:all-matches:*' insert yes
zstyle ':completion:all-matches::::' completer _all_matches _complete
zle -C all-matches complete-word _generic
show() { print -r -- "<<$BUFFER>>" }
zle -N show
bindkey -e
bindkey '^Xa' all-matches '^Xs' show '^Xk' kill-whole-line
unset zle_bracketed_paste
lamina() { printf '<<%%s>>\n' "${@: -1}"; }
PS1=; echo "<<ready>>"
"""


class Shell:
    """bash or zsh on a terminal."""

    def __init__(self, words, folder):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update({"TERM": "dumb", "HOME": folder, "ZDOTDIR": folder, "PATH": os.path.dirname(lamina.PROGRAM) + ":" + os.environ["PATH"]})
            os.execvp(words[0], words)
        self.text = b""

    def read(self):
        """What stands between << and >>, once it is there."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = re.search(rb"<<(.*?)>>", self.text, re.S)
            if found:
                self.text = self.text[found.end():]
                return re.sub(rb"\r|\x1b\[[0-9;?]*[A-Za-z]", b"", found[1]).decode()
            if select.select([self.fd], [], [], 1)[0]:
                try:
                    self.text += os.read(self.fd, 4096)
                except OSError:
                    break
        raise lamina.Failure("the shell says no more than %r" % self.text[-500:])

    def offers(self, line):
        """All words that may stand in the place of the last one."""
        os.write(self.fd, line.encode() + b"\x18a\x18s")
        words = self.read()
        os.write(self.fd, b"\x18k")
        return words[len(line) - len(line.split(" ")[-1]):].split()

    def begin(self, line):
        """What a command gets as its last argument where the line is completed, and entered."""
        os.write(self.fd, line.encode() + b"\t")
        time.sleep(0.3)
        os.write(self.fd, b"\r")
        return self.read()

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Fish:
    def __init__(self, out, folder):
        self.out, self.folder = out, folder

    def offers(self, line):
        made = subprocess.run(["fish", "-N", "-c", "source %s/lamina.fish; complete -C %s" % (self.out, json.dumps(line))], cwd=self.folder,
                              check=True, capture_output=True, text=True, env={**os.environ, "HOME": self.out, "XDG_CONFIG_HOME": self.out})
        return [row.split("\t")[0] for row in made.stdout.splitlines()]

    def end(self):
        pass


def expect(name, shell, line, some=(), none=(), exactly=None):
    try:
        # folders with the slash behind them or not, options with the sign
        got = [word.replace("\\:", ":").rstrip("/=") for word in shell.offers(line)]
    except (lamina.Failure, subprocess.CalledProcessError) as failure:
        FAILURES.append((name + ": " + line, str(failure)))
        return
    fine = set(some) <= set(got) and not set(none) & set(got) and (exactly is None or sorted(set(got)) == sorted(exactly))
    (PASSED.append(line) if fine else FAILURES.append(("%s: %r" % (name, line), "offers %r" % got)))


def hostile(name, shell, folder):
    """Names of files are not what a shell would make of them."""
    names = ["x$(touch pwned)", "y`touch pwned`", "z;touch pwned;", "b&touch pwned", "u|touch pwned", "t>pwned", "q'a\"b c", "w*?[a]"]
    for file in names + ["oc$(touch pwned)"]:
        with open(os.path.join(folder, file), "w", encoding="ascii"):
            pass
    for file in names:
        for line, want in (("lamina inspect ", file), ("lamina ", file), ("lamina apply ", file), ("lamina inspect oci:", "oci:" + file),
                           ("lamina inspect ./", "./" + file), ('lamina inspect "', file)):
            got = shell.begin(line + file[0])
            (PASSED.append(line) if got == want else FAILURES.append(("%s: %s%s" % (name, line, file[0]), "is completed to %r" % got)))
    # what begins as a kind of image does, too
    words = shell.offers("lamina inspect oc")
    fine = {"oci:", "oci\\:"} & set(words) and not any(word.startswith("oc$") for word in words)
    (PASSED.append("oc") if fine else FAILURES.append((name + ": oc", "offers %r" % words)))
    if os.path.exists(folder + "/pwned"):
        FAILURES.append((name, "a file's name was run"))
    for file in os.listdir(folder):
        if file not in ("plans", "a.json"):
            os.unlink(os.path.join(folder, file))


def tries(name, shell, tables):
    commands = {c["name"]: c for c in tables["commands"]}
    common = ["--" + o["name"] for o in tables["options"]]
    prefixes = [re.match("[a-z-]+:(//)?", image)[0].rstrip("/") for image in tables["images"]]
    expect(name, shell, "lamina ", some=[*commands, "help"])
    expect(name, shell, "lamina ap", exactly=["apply"])
    for command, about in commands.items():
        expect(name, shell, "lamina %s --" % command, some=["--" + o["name"] for o in about["options"]] + common)
    expect(name, shell, "lamina ls --progress ", exactly=["auto", "plain", "none"])
    expect(name, shell, "lamina --tls-verify false ins", exactly=["inspect"])
    expect(name, shell, "lamina inspect ", some=[*prefixes, "plans", "a.json"])
    expect(name, shell, "lamina inspect docker-a", exactly=["docker-archive:"])
    expect(name, shell, "lamina inspect oci:pl", exactly=["oci:plans"])
    expect(name, shell, "lamina apply ", some=["a.json"], none=prefixes)
    expect(name, shell, "lamina apply a.json oci-archive:plans/", exactly=["oci-archive:plans/b.json"])
    expect(name, shell, "lamina apply a.json x dir:pl", exactly=["dir:plans"])
    expect(name, shell, "lamina plan x -o a", exactly=["a.json"])
    expect(name, shell, "lamina oci:x --pl", exactly=["--platform", "--plan"])
    expect(name, shell, "lamina ls x --cert-dir ", exactly=["plans"])


def main():
    tables = json.loads(lamina.must("help", "--json").stdout)
    with tempfile.TemporaryDirectory() as here:
        out, folder = here + "/out", here + "/at"
        os.makedirs(folder + "/plans")
        for file in ("a.json", "plans/b.json"):
            with open(os.path.join(folder, file), "w", encoding="utf-8"):
                pass
        with open(here + "/help.json", "w", encoding="utf-8") as file:
            json.dump(tables, file)
        subprocess.run([os.path.join(lamina.REPOSITORY, "tui", "pages", "completion.py"), here + "/help.json", out], check=True)
        for name, words, setup in (("bash", ["bash", "--norc", "-i"], BASH), ("zsh", ["zsh", "-f", "-i"], ZSH)):
            with open(here + "/setup." + name, "w", encoding="utf-8") as file:
                file.write(setup % {"out": out})
            shell = Shell(words, folder)
            os.write(shell.fd, ("source %s/setup.%s\n" % (here, name)).encode())
            ready = shell.read()
            assert ready == "ready", ready
            tries(name, shell, tables)
            try:
                hostile(name, shell, folder)
            except lamina.Failure as failure:
                FAILURES.append((name, str(failure)))
            shell.end()
        tries("fish", Fish(out, folder), tables)
    return lamina.conclude("completion", len(PASSED), FAILURES)


sys.exit(main())
