"""Every command with its one line, in the order of what one does; its file has its name."""

from types import MappingProxyType

SECTIONS = MappingProxyType(
    {
        "Run it": {
            "up": "Start stanch.",
            "doctor": "Check this machine and this data folder, with a remedy for each fault.",
            "selftest": "Drive a private server through its whole path, then stop it.",
            "backup": "Copy a data folder into one file that can be checked.",
            "restore": "Bring a backup back into an empty folder.",
        },
        "Say what is protected, and send its events": {
            "asset": "What is protected: write it down, look it up.",
            "baseline": "What an asset is like in normal operation.",
            "ingest": "Send events from files.",
            "hunt": "Search the events of all time.",
            "alarms": "How often an alarm, or a name, may be wrong: show, set, names.",
        },
        "Work on an incident": {
            "incident": "What we believe happened: list, look, report, note, judge, close.",
            "finding": "What detectors saw, and what they cannot tell: list, look.",
            "filter": "Filters kept under a name: keep, list, show what they give, drop.",
            "approve": "Say yes to a question.",
            "deny": "Say no to a question.",
            "question": "What people are asked: list, show, hand on, override, review.",
            "clocks": "Duties to tell somebody something, and how long there is left.",
            "measures": "How well incidents were found and answered, week by week.",
        },
        "Contain": {
            "playbook": "What is done about each kind of incident: "
            "list, read, check, run, exchange.",
            "act": "One act by hand: see what it would change, then have it done.",
            "policy": "How an asset may be used right now: show, compare, set, take back.",
            "gateway": "Our proxy, or Envoy, before a model service.",
            "rule": "Rules over several kinds of events, and your own: list, read, check, add, "
            "drop.",
            "connector": "Systems outside and channels to people: list, check, set, test, take "
            "back.",
        },
        "Keep the proof": {
            "evidence": "List, export and verify evidence.",
            "vault": "Keep and fetch immutable items.",
            "freeze": "Keep what an asset is right now as evidence.",
        },
        "Let in people, machines and sites": {
            "login": "Speak to a server as yourself, for what a key cannot do.",
            "logout": "Speak to it with a key again.",
            "key": "Keys for machines.",
            "user": "People with accounts.",
            "edge": "Count at an edge site, and send signed counts instead of rows.",
            "site": "Edge sites that may send their counts: add, list, away, revoke.",
        },
        "Practise": {
            "drill": "Attack a real model in a sandbox, and see what stanch makes of it.",
            "tabletop": "Exercises that people play against the clock: list, play, answer, report.",
        },
    }
)
COMMANDS = MappingProxyType(
    {name: says for rows in SECTIONS.values() for name, says in rows.items()}
)
