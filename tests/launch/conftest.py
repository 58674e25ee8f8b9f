"""A ROS domain of its own for every run of the launch tests."""

import os
import socket


def claim_domain() -> tuple[int, socket.socket]:
    """A ROS domain that nobody else claims like this, and what holds the claim until this process ends.

    Two runs on one machine, say a cell at work and its tests, must not hear each other: their simulators would share
    one clock and one camera.
    """
    for domain in range(10, 101):  # above 101 the ports of DDS lie among those the system hands out
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0opstap-ros-domain-{domain}")
        except OSError:
            claim.close()
            continue
        return domain, claim
    raise RuntimeError("no free ROS domain from 10 to 100")


domain, _claim = claim_domain()
os.environ["ROS_DOMAIN_ID"] = str(domain)
