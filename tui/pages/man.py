#!/usr/bin/env python3
"""Makes the manual's pages: usage: man.py HELP.json OUT

HELP.json is what `lamina help --json` prints: the program's own tables. Each page is a template in mdoc(7), NAME.SECTION.mdoc
beside this file, in which a line that begins with @ stands for a part that is made of the tables: PARTS has them. A command without a
template of its own gets PLAIN.
"""
import json
import os
import re
import sys
import textwrap
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PLAIN = "@head\n@about\n@options\n@exits\n@see\n"


def text(words):
    """Plain words as lines of mdoc: a sentence begins a line, nothing in it is a macro or an escape."""
    lines = []
    for sentence in re.split(r"(?<=[.!?)]) +(?=[A-Z'])", " ".join(words.split())):
        lines += textwrap.wrap(sentence, 76, break_on_hyphens=False, break_long_words=False)
    lines = [line.replace("\\", "\\e").replace("--", "\\-\\-") for line in lines]
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def arguments(usage):
    """`IMAGE [PATH]` as lines of a synopsis."""
    for word in usage.split():
        name, optional = word.strip("[]").replace("...", ""), word.startswith("[")
        yield (".Op Ar " if optional else ".Ar ") + name + (" ..." if "..." in word else "")


def flags(option, between):
    value = " Ar " + option["value"] if "value" in option else ""
    return ("Fl %s %s " % (option["letter"], between) if "letter" in option else "") + "Fl Fl " + option["name"] + value


def option_list(options):
    items = [".It %s\n%s" % (flags(o, ","), text(o["help"])) for o in options]
    return "\n".join([".Bl -tag -width Ds", *items, ".El"])


def head(tables, command):
    name = "lamina-" + command["name"]
    return "\n".join([".Sh NAME", ".Nm " + name, ".Nd " + command["summary"].replace("--", "\\-\\-"), ".Sh SYNOPSIS",
                      ".Nm lamina Cm " + command["name"], *(".Op " + flags(o, "|") for o in command["options"]),
                      *arguments(command["usage"]), ".Sh DESCRIPTION"])


def about(tables, command):
    """Paragraphs; one that is indented is an example."""
    parts = []
    for part in command["about"].split("\n\n"):
        parts.append(".Bd -literal\n%s\n.Ed" % part.replace("\\", "\\e") if part.startswith("  ") else text(part))
    return "\n.Pp\n".join(parts).replace(".Pp\n.Bd", ".Bd")


def options_of(tables, command):
    own = ".Pp\nThe options are as follows:\n" + option_list(command["options"]) + "\n" if command["options"] else ""
    return own + ".Pp\nThe options that all commands have are in\n.Xr lamina 1 ."


def exits(tables, command):
    items = [".It %s\n%s" % (", ".join(e["codes"]), text(e["meaning"])) for e in tables["exits"]]
    return "\n".join([".Sh EXIT STATUS", ".Bl -tag -width \"129, 130, 143\" -compact", *items, ".El"])


def see(tables, command):
    return ".Sh SEE ALSO\n.Xr lamina 1 ,\n.Xr lamina-plan 5 ,\n.Xr lamina-keys 7"


def commands(tables, command):
    items = [".It Xr lamina-%s 1\n%s" % (c["name"], text(c["summary"])) for c in tables["commands"]]
    return "\n".join([".Bl -tag -width \"lamina-explain(1)\" -compact", *items, ".El"])


def images(tables, command):
    kinds = (re.fullmatch(r"([a-z-]+:(?://)?)(.*)", image).groups() for image in tables["images"])
    return "\n".join([".Bl -item -compact", *(".It\n.Cm %s\\& Ns Ar %s" % kind for kind in kinds), ".El"])


def keys(tables, command):
    lines, group = [], None
    for action in tables["actions"]:
        if action["group"] != group:
            group = action["group"]
            lines += [".El"] * bool(lines) + [".Ss " + group, ".Bl -tag -width Ds"]
        names = ["Ic \\&%s\\&" % key.replace("\\", "\\e").replace('"', "\\(dq") for key in action["keys"]]
        panes = "" if len(action["panes"]) == 3 else " (in %s)" % ", ".join(action["panes"])
        command = "Cm \\&:" + action["name"] + (" Ar " + action["argument"] if action["argument"] else "")
        lines += [".It " + " , ".join(names + [command]), text(action["help"] + panes)]
    return "\n".join(lines + [".El"])


def filters(tables, command):
    lines = [line.replace("\\", "\\e").replace("-", "\\-") for line in tables["filter"]]
    return "\n".join([".Bd -literal -offset indent", *lines, ".Ed"])


PARTS = {"head": head, "about": about, "options": options_of, "exits": exits, "see": see, "commands": commands,
         "common-options": lambda tables, command: option_list(tables["options"]), "images": images, "keys": keys,
         "filters": filters}


def page(name, section, template, tables, command):
    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time()))
    lines = [".Dd %s %d, %d" % (time.strftime("%B", date), date.tm_mday, date.tm_year), ".Dt %s %s" % (name.upper(), section), ".Os"]
    for line in template.splitlines():
        lines.append(PARTS[line[1:]](tables, command) if line.startswith("@") else line)
    return "\n".join(lines) + "\n"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        tables = json.load(file)
    templates = {}
    for file in sorted(os.listdir(HERE)):
        if file.endswith(".mdoc"):
            with open(os.path.join(HERE, file), encoding="utf-8") as source:
                templates[file[:-len(".mdoc")]] = source.read()
    by_page = {"lamina-%s.1" % c["name"]: c for c in tables["commands"]}
    os.makedirs(sys.argv[2], exist_ok=True)
    for file in {**templates, **by_page}:
        name, section = file.rsplit(".", 1)
        made = page(name, section, templates.get(file, PLAIN), tables, by_page.get(file))
        with open(os.path.join(sys.argv[2], file), "w", encoding="utf-8") as out:
            out.write(made)


main()
