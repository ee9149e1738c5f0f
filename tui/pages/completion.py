#!/usr/bin/env python3
"""Makes the shells' completions: usage: completion.py HELP.json OUT

HELP.json is what `lamina help --json` prints: the program's own tables. completion.bash, .zsh and .fish beside this file are what does
not change; the line @tables in each stands for what is made here. What may stand at a place is told by the name that the
program's help has for it: KINDS; words in small letters are a choice.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = {"IMAGE": "image", "OUTPUT": "image", "A": "image", "B": "image", "OLD": "image", "PLAN": "file", "FILE": "file", "FILE.tar": "file", "DIR": "folder"}


def kind_of(name):
    """image, file, folder, nothing, or the words that there are to choose from."""
    words = [word for word in name.split("|") if re.fullmatch("[a-z-]+", word)]
    return " ".join(words) or KINDS.get(name, "nothing")


def arguments(command):
    return [kind_of(word.strip("[].")) if not word.endswith("...") else kind_of(word[:-3]) for word in command["usage"].split()]


def prefixes(tables, local):
    """oci:, docker://; local: of those alone that have a file or folder behind them."""
    return [re.match(r"[a-z-]+:(?://)?", image)[0] for image in tables["images"] if not local or re.search(r":(?:DIR|FILE)\b", image)]


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def words_of(option):
    return (["-" + option["letter"]] if "letter" in option else []) + ["--" + option["name"]]


def bash_values(options, before):
    return ["_lamina_values[%s]=%s" % (quoted(before + word), quoted(kind_of(o["value"])))
            for o in options if "value" in o for word in words_of(o)]


def bash(tables):
    lines = ["_lamina_prefixes=%s" % quoted(" ".join(prefixes(tables, False))),
             "_lamina_local=%s" % quoted(" ".join(prefixes(tables, True))),
             "_lamina_common=%s" % quoted(" ".join(w for o in tables["options"] for w in words_of(o))),
             "declare -gA _lamina_arguments _lamina_options _lamina_values"] + bash_values(tables["options"], "")
    for c in tables["commands"]:
        lines += ["_lamina_arguments[%s]=%s" % (c["name"], quoted("|".join(arguments(c)))),
                  "_lamina_options[%s]=%s" % (c["name"], quoted(" ".join(w for o in c["options"] for w in words_of(o))))]
        lines += bash_values(c["options"], c["name"] + " ")
    return lines


ZSH_ACTIONS = {"image": "_lamina_image", "file": "_files", "folder": "_files -/", "nothing": " "}
FISH_ACTIONS = {"image": "-xa '(__lamina_image)'", "file": "-rF", "folder": "-xa '(__fish_complete_directories)'", "nothing": "-x"}


def zsh_action(kind):
    return ZSH_ACTIONS.get(kind, "(%s)" % kind)


def zsh_option(o):
    about = "[%s]" % re.sub(r"([][:\\])", r"\\\1", o["help"])
    value = ":%s:%s" % (re.sub(r"([][:\\])", r"\\\1", o["value"]), zsh_action(kind_of(o["value"]))) if "value" in o else ""
    specs = ["*--" + o["name"] + ("=" if value else "") + about + value]
    if "letter" in o:
        specs.append("*-" + o["letter"] + ("+" if value else "") + about + value)
    return " ".join(quoted(spec) for spec in specs)


def zsh(tables):
    lines = ["_lamina_prefixes=(%s)" % " ".join(prefixes(tables, False)), "_lamina_local=(%s)" % " ".join(prefixes(tables, True)),
             "_lamina_commands=("] + ["  " + quoted(c["name"] + ":" + c["summary"]) for c in tables["commands"]] + [
                 "  'help:what there is to call')", "_lamina_common=("] + ["  " + zsh_option(o) for o in tables["options"]] + [")"]
    for c in tables["commands"]:
        lines.append("_lamina_%s=(" % c["name"])
        lines += ["  " + zsh_option(o) for o in c["options"]]
        for n, (word, kind) in enumerate(zip(c["usage"].split(), arguments(c)), 1):
            lines.append("  " + quoted("%s:%s:%s" % ("*" if word.endswith("...") else n, word.strip("[]."), zsh_action(kind))))
        lines.append(")")
    return lines


def fish_option(command, o):
    line = "complete -c lamina%s%s -l %s -d %s" % (
        " -n '__lamina_is %s'" % command if command else "", " -s " + o["letter"] if "letter" in o else "", o["name"], quoted(o["help"]))
    if "value" in o:
        kind = kind_of(o["value"])
        line += " " + FISH_ACTIONS.get(kind, "-xa '%s'" % kind)
    return line


def fish(tables):
    names = [c["name"] for c in tables["commands"]]
    options = tables["options"] + [o for c in tables["commands"] for o in c["options"]]
    valued = {word for o in options if "value" in o for word in words_of(o)}
    lines = ["set -g __lamina_prefixes " + " ".join(prefixes(tables, False)), "set -g __lamina_local " + " ".join(prefixes(tables, True)),
             "set -g __lamina_commands help " + " ".join(names), "set -g __lamina_valued " + " ".join(sorted(valued)), "complete -c lamina -f",
             "complete -c lamina -n '__lamina_is none' -a '(__lamina_image)'",
             "complete -c lamina -n '__lamina_is none' -a help -d 'what there is to call'"]
    lines += [fish_option(None, o) for o in tables["options"]]
    for c in tables["commands"]:
        lines.append("complete -c lamina -n '__lamina_is none' -a %s -d %s" % (c["name"], quoted(c["summary"])))
        lines.append("complete -c lamina -n '__lamina_is %s' -a '(__lamina_argument %s)'" % (c["name"], " ".join(arguments(c))))
        lines += [fish_option(c["name"], o) for o in c["options"]]
    return lines


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        tables = json.load(file)
    os.makedirs(sys.argv[2], exist_ok=True)
    for make, name in (bash, "lamina.bash"), (zsh, "_lamina"), (fish, "lamina.fish"):
        with open(os.path.join(HERE, "completion." + make.__name__), encoding="utf-8") as template:
            made = template.read().replace("@tables", "\n".join(make(tables)), 1)
        with open(os.path.join(sys.argv[2], name), "w", encoding="utf-8") as out:
            out.write(made)


main()
