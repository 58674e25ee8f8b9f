from setuptools import setup

package = "launch_testing"
setup(
    name=package,
    version="0.1.0",
    packages=[package],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package}"]),
        (f"share/{package}", ["package.xml"]),
    ],
    license="Apache-2.0",
    entry_points={"pytest11": ["launch_testing = launch_testing.hooks"]},
)
