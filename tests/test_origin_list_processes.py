"""OriginList: forks, greenlets and the end of a process."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from origin_list_support import BEFORE, run_script
from support import need

pytestmark = pytest.mark.usefixtures("no_reload_outlives_its_test")

FORK = """
import warnings
warnings.filterwarnings("ignore", ".*fork", DeprecationWarning)  # a fork beside threads is what this is about
parent, gives, answers, asked = os.getpid(), ["https://old.example.com"], threading.Event(), threading.Event()
answers.set()

def load():
    asked.set()
    if os.getpid() == parent:
        answers.wait()
    return gives[:]

cors = CORS(app, origin=OriginList(load, every=1))
answers.clear(); asked.clear()
while not asked.is_set():
    allowed(cors, "https://old.example.com")
gives[:] = ["https://new.example.com"]
child = os.fork()
if not child:
    asked.clear()
    allowed(cors, "https://old.example.com")
    asked.wait()  # at once, not a second later
    assert not any(thread.name != "wsgicors.OriginList" for thread in threading.enumerate()[1:])
    while not allowed(cors, "https://new.example.com"):  # loads for itself, though its parent's load hangs
        time.sleep(0)
    os._exit(0 if not allowed(cors, "https://old.example.com") else 1)
print(os.waitpid(child, 0)[1], allowed(cors, "https://old.example.com"))
answers.set()
while not allowed(cors, "https://new.example.com"):
    time.sleep(0)
"""


def test_a_fork_during_a_reload_leaves_parent_and_child_well():
    assert run_script(BEFORE + FORK) == "0 True\n"


GEVENT = """
import sys
order, way = sys.argv[1:]
if order == "patched before the import":
    import gevent.monkey; gevent.monkey.patch_all()
{before}
if order == "patched after the import":
    import gevent.monkey; gevent.monkey.patch_all()
import gevent, gevent.event
gives, answers = ["https://old.example.com"], gevent.event.Event()
answers.set()
waiting, served = [], []

def load():
    if way == "in the thread pool":
        return gevent.get_hub().threadpool.apply(gives.copy)
    waiting.append(True)
    answers.wait()
    waiting.pop()
    return gives

cors = CORS(app, origin=OriginList(load, every=0.001))

def serve():
    while not allowed(cors, "https://new.example.com"):
        served.append(allowed(cors, "https://old.example.com"))
        gevent.sleep(0)

answers.clear()
gives = ["https://new.example.com"]
workers = [gevent.spawn(serve) for _ in range(3)]
if way == "in a greenlet":
    while not waiting:
        gevent.sleep(0)
    del served[:]
    while len(served) < 1000:  # requests go on while the load waits
        assert len(waiting) == 1, waiting
        gevent.sleep(0)
    answers.set()
gevent.joinall(workers, raise_error=True)
print("done")
"""


@pytest.mark.parametrize("way", ["in a greenlet", "in the thread pool"])
@pytest.mark.parametrize("order", ["patched before the import", "patched after the import"])
def test_greenlets_go_on_while_a_reload_waits(order, way):
    need(find_spec("gevent"), "gevent", "pip install gevent")
    assert run_script(GEVENT.replace("{before}", BEFORE), order, way) == "done\n"


END = """
asked = threading.Event()

def load():
    if asked.is_set():
        print("loading", flush=True)
        again.set()
        threading.Event().wait()
    asked.set()
    return "https://app.example.com"

again = threading.Event()
cors = CORS(app, origin=OriginList(load, every=0.001))
while not again.is_set():
    assert allowed(cors, "https://app.example.com")
"""


def test_a_reload_that_hangs_does_not_hold_up_the_end_of_the_process():
    assert run_script(BEFORE + END) == "loading\n"
