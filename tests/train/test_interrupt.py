"""The first Ctrl-C waits, the second does not, and afterwards everything is as before."""

import os
import signal
import threading

import pytest

from minigate.train.interrupt import Interrupt


@pytest.mark.skipif(os.name != "posix", reason="signals are sent with os.kill")
def test_the_first_is_noted_and_the_second_quits(capsys):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), Interrupt() as interrupt:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.requested
        assert "once more to quit at once" in capsys.readouterr().err
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second Ctrl-C was swallowed")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name != "posix", reason="signals are sent with os.kill")
def test_being_told_to_terminate_is_heard_in_the_same_way(capsys):
    before = signal.getsignal(signal.SIGTERM)
    with Interrupt() as interrupt:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupt.requested
        assert "told to stop: finishing this update" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_process_told_to_ignore_it_goes_on_ignoring_it():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)
        assert not interrupt.requested
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_outside_the_main_thread_it_does_nothing():
    found = []

    def work():
        with Interrupt() as interrupt:
            found.append(interrupt.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
