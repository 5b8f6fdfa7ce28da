from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from attn_desktop.training.replicas import Replicas, run_replicas
from tests.elsewhere import run_elsewhere, run_in_two

DATA = torch.tensor([[1.0, 2.0], [-3.0, 0.5], [0.0, 1.0], [2.0, -1.0]])
RATE = 0.1
STEPS = 3


class Tiny(nn.Module):
    """Two parameters, one of which only the process of rank 1 uses, and one that none does."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Parameter(torch.tensor([0.5, -0.5]))
        self.second = nn.Parameter(torch.tensor([1.0]))
        self.unused = nn.Parameter(torch.tensor([9.0]))

    def loss(self, rank: int) -> torch.Tensor:
        value = ((DATA[rank::2] @ self.shared) ** 2).mean()
        return value + (self.second**2).sum() if rank == 1 else value


class TrainTiny:
    """Picklable work: a few steps of gradient descent on averaged gradients, then a report."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, replicas: Replicas) -> bool:
        model = Tiny()
        parameters = list(model.parameters())
        for step in range(STEPS):
            for parameter in parameters:
                parameter.grad = None
            model.loss(replicas.rank).backward()  # type: ignore[no-untyped-call]
            # Only one process is told to stop, and only in the last step.
            told = replicas.rank == 1 and step == STEPS - 1
            assert replicas.average(parameters, told) == (step == STEPS - 1)
            assert model.unused.grad is None
            with torch.no_grad():
                for parameter in parameters:
                    if parameter.grad is not None:
                        parameter.sub_(RATE * parameter.grad)
        replicas.wait()
        values = torch.cat([parameter.detach() for parameter in parameters])
        torch.save(values, self.folder / f"{replicas.rank}.pt")
        (self.folder / f"threads{replicas.rank}").write_text(str(torch.get_num_threads()))
        found = replicas.lead_first(lambda: self.found(replicas.rank))
        (self.folder / f"found{replicas.rank}").write_text(found)
        return replicas.leads

    def found(self, rank: int) -> str:
        """What is in a file, which whoever comes first writes."""
        path = self.folder / "written"
        if not path.exists():
            path.write_text(f"by {rank}")
        return path.read_text()


class Fails:
    """Work whose leader fails while the other waits for it."""

    def __call__(self, replicas: Replicas) -> bool:
        if replicas.leads:
            raise ArithmeticError("the leader failed")
        replicas.wait()
        return True


def by_hand() -> torch.Tensor:
    model = Tiny()
    for _ in range(STEPS):
        shared, second = torch.zeros(2), torch.zeros(1)
        for rank in (0, 1):
            wanted = [model.shared, model.second][: rank + 1]
            grads = torch.autograd.grad(model.loss(rank), wanted)
            shared = shared + grads[0] / 2
            second = second + grads[1] / 2 if rank else second
        with torch.no_grad():
            model.shared.sub_(RATE * shared)
            model.second.sub_(RATE * second)
    return torch.cat([parameter.detach() for parameter in model.parameters()])


def test_two_processes_train_as_one_with_the_mean_gradient(tmp_path: Path) -> None:
    run_in_two(__name__, "TrainTiny", tmp_path)
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert torch.equal(first, second)
    assert torch.allclose(first, by_hand(), atol=1e-6)
    assert not torch.allclose(first, torch.tensor([0.5, -0.5, 1.0, 9.0]), atol=1e-2)
    assert {(tmp_path / f"threads{rank}").read_text() for rank in (0, 1)} == {"1"}
    assert {(tmp_path / f"found{rank}").read_text() for rank in (0, 1)} == {"by 0"}


def test_when_the_leader_fails_no_process_stays_behind() -> None:
    done = run_elsewhere(
        "from attn_desktop.training.replicas import run_replicas\n"
        "from tests.conftest import child_processes\n"
        "from tests.training.test_replicas import Fails\n"
        "try:\n"
        "    run_replicas(Fails(), 2)\n"
        "except ArithmeticError as error:\n"
        "    print('met:', error)\n"
        "import multiprocessing\n"
        "print('left:', multiprocessing.active_children())\n"
    )
    assert done.returncode == 0, done.stderr
    assert "met: the leader failed" in done.stdout
    assert "left: []" in done.stdout


def test_alone_nothing_is_averaged_and_no_process_is_started() -> None:
    parameter = nn.Parameter(torch.ones(2))
    parameter.grad = torch.tensor([3.0, 4.0])
    alone = Replicas()
    assert alone.leads
    assert not alone.average([parameter], False)
    assert alone.average([parameter], True)
    assert parameter.grad.tolist() == [3.0, 4.0]
    ranks: list[tuple[int, int]] = []

    def work(replicas: Replicas) -> bool:  # not picklable, so it can only run in this process
        replicas.wait()
        ranks.append((replicas.rank, replicas.size))
        return False

    assert run_replicas(work, 1) is False
    assert ranks == [(0, 1)]


@pytest.mark.parametrize("rank", [0, 1])
def test_the_process_of_rank_0_leads(rank: int) -> None:
    assert Replicas(rank, 2).leads == (rank == 0)
