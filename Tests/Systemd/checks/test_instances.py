"""Several instances of nnnd@.service on one machine."""

import pathlib

import pytest

from machine import DEADLINE, Service, systemctl


@pytest.fixture(scope="module")
def instances(users):
    services = []
    for name, alpha in (("words", 0.5), ("glosses", 0.25)):
        pathlib.Path(f"/etc/nnnd/{name}.yaml").write_text(f"alpha: {alpha}\n")
        systemctl("enable", "--now", f"nnnd@{name}.service")
        services.append(Service(f"nnnd@{name}"))
    return services


def test_two_instances_run_side_by_side(instances, rng):
    words, glosses = instances
    assert (words.status()["alpha"], glosses.status()["alpha"]) == (0.5, 0.25)
    for service, shape in ((words, (7, 4)), (glosses, (5, 3))):
        with service.client() as client:
            client.add_images(rng.standard_normal(shape), name="i", timeout=DEADLINE)
    assert [(service.status()["images"], service.status()["dimension"]) for service in instances] == [(7, 4), (5, 3)]
    assert words.process != glosses.process


def test_restarting_an_instance_does_not_affect_another(instances):
    words, glosses = instances
    process = glosses.process
    words.do("restart")
    assert words.status()["images"] == 7
    assert (glosses.process, glosses.restarts) == (process, 0)


def test_all_instances_use_the_same_groups_for_producers_and_clients(instances):
    words, _ = instances
    assert words.nnnctl("status", user="bob").returncode == 0
    assert words.nnnctl("status", user="eve", check=False).returncode == 77
    assert words.nnnctl("delete", "--kind", "images", "i:0", user="carol").returncode == 0
    assert words.status()["images"] == 6


def test_a_connection_starts_an_instance(instances):
    words, _ = instances
    words.do("stop")
    assert words.state == "inactive"
    assert words.status()["images"] == 6
