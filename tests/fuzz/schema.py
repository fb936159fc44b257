"""What an experiment may hold, read from the pages that Volley writes of its own tables: sections and kinds with their
keys, neuron and synapse models with their parameters, states and receptors."""
import re
import subprocess


def _cells(line):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _tables(page):
    """All tables of a page in Markdown: (heading path, rows as dictionaries)."""
    found, headings, lines = [], {}, page.splitlines()
    for number, line in enumerate(lines):
        heading = re.match(r"(#+) (.*)", line)
        if heading:
            level = len(heading.group(1))
            headings = {k: v for k, v in headings.items() if k < level} | {level: heading.group(2)}
        if re.match(r"\|(-+\|)+$", line):
            names, rows = _cells(lines[number - 1]), []
            for row in lines[number + 1:]:
                if not row.startswith("|"):
                    break
                rows.append(dict(zip(names, _cells(row))))
            above = lines[number - 3].split(" (")[0] if number >= 3 else ""
            found.append((tuple(headings.values()), above, rows))
    return found


class Schema:
    """sections: {name: keys}; kinds: {section: {type: keys}}; models, synapses: {name: {table: rows}}; a key is a row of
    the tables with its name without the marks of code."""

    def __init__(self, volley):
        def page(*words):
            return subprocess.run([volley, *words], capture_output=True, text=True, check=True).stdout

        self.sections, self.kinds, self.rules, self.models, self.synapses = {}, {}, [], {}, {}
        for headings, _, rows in _tables(page("reference")):
            keys = [{**row, "key": row["key"].strip("`")} for row in rows if "key" in row]
            if headings[-1].startswith("type: "):
                self.kinds.setdefault(headings[-2], {})[headings[-1][6:]] = keys
            elif headings[-1] == "Rules":
                self.rules = [row["rule"].strip("`") for row in rows]
            elif keys:
                self.sections[headings[-1]] = keys
        self.kinds["stimuli"].setdefault("signal", [])
        for headings, above, rows in _tables(page("models", "--markdown")):
            models = self.synapses if "Synapse models" in headings else self.models
            models.setdefault(headings[-1], {})[above] = rows

    def names(self, model, table):
        return [row["name"] for row in self.models.get(model, {}).get(table, [])]

    def all_keys(self):
        tables = list(self.sections.values()) + [keys for kinds in self.kinds.values() for keys in kinds.values()]
        return sorted({row["key"] for keys in tables for row in keys})
