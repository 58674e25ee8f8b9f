# The cell on the official ROS 2 Jazzy image: no wheels, no underlay but what that image lacks.
#   docker build -t opstap .                                    (demo; with the checks: --build-arg SETUP=setup-tests)
#   docker run --rm -it --network host --shm-size 512m opstap   (then open http://localhost:8080)
# The pages answer to the own machine only, so the container shares its network; camera pictures travel in shared memory.
FROM ros:jazzy-ros-base

SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ make python3-dev python3-venv \
        libegl1 libgl1 libgomp1 libx11-6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --shell /bin/bash --uid 1001 opstap \
    && install --directory --owner opstap --group opstap /home/opstap/opstap

USER 1001
WORKDIR /home/opstap/opstap
ENV HOME=/home/opstap PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1

# What changes seldom first: the packages stay in their layer while only the sources change.
ARG SETUP=setup
COPY --chown=opstap:opstap pyproject.toml README.md requirements.lock requirements-test.lock Makefile ./
COPY --chown=opstap:opstap ros_ws/bootstrap.py ros_ws/
COPY --chown=opstap:opstap src/opstap/__init__.py src/opstap/
RUN . /opt/ros/jazzy/setup.bash && make "$SETUP" PYTHON=/usr/bin/python3 ONLY=--packages

COPY --chown=opstap:opstap . .
RUN . /opt/ros/jazzy/setup.bash && make "$SETUP" PYTHON=/usr/bin/python3

# The image's entry point sources ROS 2.
CMD ["make", "demo", "PYTHON=/usr/bin/python3"]
