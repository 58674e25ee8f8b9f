"""Joint positions that bring the tool to a pose: all branches, those that are free of collision, the nearest one.

A pose without a collision check is half an answer: for handover poses about half of what plain inverse kinematics
finds hits something.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pinocchio as pin

from opstap.geometry import Floats, Pose
from opstap.presenting.robot import UR5E, UR5E_A, UR5E_ALPHA, UR5E_D, Robot
from opstap.presenting.surroundings import Surroundings

RESTARTS = 40
"""Random starts of the numerical solver for arms without a closed form."""
ITERATIONS, DAMPING, STEP = 60, 1e-3, 0.5
EXACT = 1e-5
"""Metres and radians."""
APART = 0.2
"""Two solutions are the same branch when no joint differs by this, rad."""


def reach(robot: Robot, tool: Pose, near: Floats) -> list[Floats]:
    """All joint positions (dof,) within limits that bring the tool to `tool`, the nearest to `near` first."""
    solutions = _ur5e(robot.flange_goal(tool)) if robot.cobot.model == UR5E else list(_numerical(robot, tool, near))
    inside = [_unwound(robot, q, near) for q in solutions]
    inside = [q for q in inside if (q >= robot.lower - 1e-9).all() and (q <= robot.upper + 1e-9).all()]
    return sorted(inside, key=lambda q: float(np.abs(q - near).max()))


def reach_free(around: Surroundings, tool: Pose, near: Floats, carrying: bool, lifted: str = "") -> list[Floats]:
    """Those that are free of collision, the nearest to `near` first; empty: the pose cannot be had."""
    return [q for q in reach(around.robot, tool, near) if around.free(q, carrying, lifted)]


def straight(around: Surroundings, start: Floats, goal: Pose, carrying: bool, lifted: str = "", step: float = 0.01
             ) -> list[Floats] | None:  # fmt: skip
    """Joint positions along the straight line from where the tool is at `start`, to `goal`, turning evenly.

    None where the line cannot be followed: out of reach, a jump between branches, a collision.
    """
    robot = around.robot
    begin = robot.tool(start)
    turn = pin.log3(begin.rotation.T @ goal.rotation)
    way = goal.translation - begin.translation
    count = max(1, int(np.ceil(max(np.linalg.norm(way) / step, np.linalg.norm(turn) / 0.05))))
    path = [start]
    for share in np.arange(1, count + 1) / count:
        target = Pose(begin.rotation @ pin.exp3(share * turn), begin.translation + share * way)
        near = _follow(robot, target, path[-1])
        if near is None or np.abs(near - path[-1]).max() > 0.35:
            return None
        if not around.free_between(path[-1], near, carrying, lifted):
            return None
        path.append(near)
    return path


def _follow(robot: Robot, tool: Pose, near: Floats) -> Floats | None:
    """The solution of the branch that `near` is on."""
    if robot.cobot.model == UR5E:
        solutions = reach(robot, tool, near)
        return solutions[0] if solutions else None
    return _newton(robot, robot.joint_goal(tool), near)


def _unwound(robot: Robot, q: Floats, near: Floats) -> Floats:
    """The same pose with every hinge turned by whole turns to be nearest to `near`, within limits."""
    q = q + 2 * np.pi * np.round((near - q) / (2 * np.pi))
    q = np.where(q > robot.upper, q - 2 * np.pi, q)
    return np.asarray(np.where(q < robot.lower, q + 2 * np.pi, q))


def _ur5e(flange: Pose) -> list[Floats]:
    """Closed form of an arm with three parallel axes; `flange` is T_base_flange. Up to eight solutions.

    Follows from the chain of DH transforms: axis 1 from the wrist's distance to the arm's plane (d4), joints 5 and 6
    from the direction of axis 1 in the flange, the rest is a planar two-link arm (compare K. P. Hawkins, "Analytic
    inverse kinematics for the Universal Robots UR-5/UR-10 arms", 2013).
    """
    d, a = UR5E_D, UR5E_A
    rotation, p = flange.rotation, flange.translation
    wrist = p - d[5] * rotation[:, 2]
    level = float(np.hypot(wrist[0], wrist[1]))
    if level < abs(d[3]):
        return []
    heading, aside = float(np.arctan2(wrist[1], wrist[0])), float(np.arcsin(d[3] / level))
    solutions = []
    for q1 in (heading + aside, heading + np.pi - aside):
        z1 = np.array([np.sin(q1), -np.cos(q1), 0.0])
        c5 = float((p @ z1 - d[3]) / d[5])
        if abs(c5) > 1 + 1e-9:
            continue
        in_flange = rotation.T @ z1
        for q5 in (float(np.arccos(np.clip(c5, -1, 1))) * s for s in (1, -1)):
            s5 = np.sin(q5)
            # Straight wrist: joint 6 is free, and 0 as good as any other.
            q6 = float(np.arctan2(-in_flange[1] / s5, in_flange[0] / s5)) if abs(s5) > 1e-8 else 0.0
            arm = _dh(0, q1).inverse() @ flange @ (_dh(4, q5) @ _dh(5, q6)).inverse()
            x, y = arm.translation[0], arm.translation[1]
            c3 = float((x * x + y * y - a[1] ** 2 - a[2] ** 2) / (2 * a[1] * a[2]))
            if abs(c3) > 1 + 1e-9:
                continue
            q234 = float(np.arctan2(arm.rotation[1, 0], arm.rotation[0, 0]))
            for q3 in (float(np.arccos(np.clip(c3, -1, 1))) * s for s in (1, -1)):
                q2 = float(np.arctan2(y, x) - np.arctan2(a[2] * np.sin(q3), a[1] + a[2] * np.cos(q3)))
                solutions.append(np.array([q1, q2, q3, q234 - q2 - q3, q5, q6]))
    return solutions


def _dh(i: int, q: float) -> Pose:
    """Transform over joint `i` (from 0) at angle `q`: rotate about z, shift along z, along x, rotate about x."""
    turn = Pose.of((0.0, 0.0, UR5E_D[i]), (0.0, 0.0, q))
    return turn @ Pose.of((UR5E_A[i], 0.0, 0.0), (UR5E_ALPHA[i], 0.0, 0.0))


def _numerical(robot: Robot, tool: Pose, near: Floats) -> Iterator[Floats]:
    """Distinct solutions from many starts, the same ones every time."""
    goal = robot.joint_goal(tool)
    rng = np.random.default_rng(0)
    low, high = np.maximum(robot.lower, -np.pi), np.minimum(robot.upper, np.pi)
    found: list[Floats] = []
    for start in [near, robot.home, *rng.uniform(low, high, (RESTARTS, robot.dof))]:
        q = _newton(robot, goal, start)
        if q is not None and all(np.abs(np.sin((q - f) / 2)).max() > np.sin(APART / 2) for f in found):
            found.append(q)
            yield q


def _newton(robot: Robot, goal: pin.SE3, start: Floats) -> Floats | None:
    """Damped Newton steps on the pose error of the last joint; None when it does not get there within limits."""
    model, data, last = robot.model, robot.data, robot.model.njoints - 1
    q = np.array(start)
    for _ in range(ITERATIONS):
        pin.computeJointJacobians(model, data, q)
        error = pin.log6(data.oMi[last].actInv(goal)).vector
        if np.abs(error).max() < EXACT:
            return q
        jacobian = pin.getJointJacobian(model, data, last, pin.ReferenceFrame.LOCAL)
        # The damping goes away with the error, so that the last steps are those of Newton.
        damping = DAMPING * min(1.0, float(error @ error))
        step = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + damping * np.eye(6), error)
        q = q + step * min(1.0, STEP / max(float(np.abs(step).max()), 1e-9))
        q = np.clip(q, robot.lower, robot.upper)
    return None
