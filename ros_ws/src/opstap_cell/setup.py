"""Installs the nodes; opstap_cell/__init__.py has the one list of them."""

import ast
from pathlib import Path

from setuptools import setup

package = "opstap_cell"
source = ast.parse((Path(__file__).parent / package / "__init__.py").read_text())
nodes = next(ast.literal_eval(n.value) for n in source.body if isinstance(n, ast.Assign) and n.targets[0].id == "NODES")

setup(
    name=package,
    version="0.1.0",
    packages=[package],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package}"]),
        (f"share/{package}", ["package.xml"]),
    ],
    license="Apache-2.0",
    entry_points={"console_scripts": [f"{name} = {package}.{name}:main" for name in nodes]},
)
