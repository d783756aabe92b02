"""What every task reaches on real data with nothing but defaults: `python -m tests.benchmarks.tasks [PART …] [--quick] [--again]`.

A part is named by the words with which its name begins: `classify`, `classify/banking77`, `few/sib200/en/8`. No part takes more than half an
hour on two cores; each is written into results.md as soon as it is measured and not measured twice, so the whole may be
stopped and called again. --quick measures, again, what takes a few minutes; --list names all parts and measures nothing.

A set's own parts are kept: its training file is learnt, its validation file chooses, its test file scores once. Real bases
stand in the folder that SLM_STUDIO_TEST_MODELS names, else in models/ beside the checkout; a set or a base that is not there
is a line that says so.
"""

import argparse
import sys

from tests.benchmarks import chain, defaults, few, search, trials, words
from tests.benchmarks.record import measure, rows_of
from tests.benchmarks.sheet import print_machine

ROOMS = (defaults, few, chain, trials, words, search)
QUICK = (
    "classify/sms_spam/500", "classify/kdconv_domain/500", "classify/sms_spam/caught", "classify/asap_sample", "classify/covid_faq/pairs-default",
    "rewrite/scitldr", "search/covid_faq/bag-small",
)  # fmt: skip


def main() -> None:
    """Measure the parts that are asked for and print their lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    known = {name: part for room in ROOMS for name, part in room.parts().items()}
    wanted = tuple(f"{name.rstrip('/')}/" for name in (QUICK if asked.quick else asked.parts))
    chosen = {name: part for name, part in known.items() if not wanted or f"{name}/".startswith(wanted)}
    if not chosen:
        sys.exit(f"No part begins with {', '.join(wanted)}. The parts are: {', '.join(known)}")
    if asked.list:
        print("\n".join(f"{name}{' – measured' if rows_of(name) else ''}" for name in chosen))
        return
    print_machine("What the tasks reach on real data with defaults")
    measure(chosen, again=asked.again or asked.quick)


if __name__ == "__main__":
    main()
