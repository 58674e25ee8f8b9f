# Source this (bash) to get the cell's environment, as one sources /opt/ros/jazzy/setup.bash.
_opstap_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [ -e "$_opstap_root/.venv/share/ament_index/resource_index/packages/rclpy" ]; then
    # ROS 2 from the wheels: the virtual environment is the ROS prefix.
    case ":${AMENT_PREFIX_PATH:-}:" in ::|*"$_opstap_root/"*) ;;
        *) echo "opstap: another ROS 2 is sourced than this environment was made with. Run: make setup" >&2
           unset _opstap_root; return 1 ;; esac
    export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3
    export AMENT_PREFIX_PATH="$_opstap_root/.venv" CMAKE_PREFIX_PATH="$_opstap_root/.venv"
    for _opstap_libs in "$_opstap_root"/.venv/lib/python3.*/site-packages/ros_*.libs "$_opstap_root/.venv/lib"; do
        case ":${LD_LIBRARY_PATH:-}:" in *":$_opstap_libs:"*) ;;
            *) export LD_LIBRARY_PATH="$_opstap_libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;; esac
    done
    # The libraries are found from here on, so ros_wheels_bootstrapper need not start Python a second time.
    export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
elif [ -z "${AMENT_PREFIX_PATH:-}" ]; then
    echo "opstap: set-up was not run, or with a ROS 2 that is not sourced here." >&2
    echo "        Run: make setup, or first: source /opt/ros/jazzy/setup.bash" >&2
    unset _opstap_root; return 1
fi
case ":$PATH:" in *":$_opstap_root/.venv/bin:"*) ;; *) export PATH="$_opstap_root/.venv/bin:$PATH" ;; esac
[ -f "$_opstap_root/ros_ws/install/local_setup.bash" ] && . "$_opstap_root/ros_ws/install/local_setup.bash"
# Discovery stays on this machine unless the integrator says otherwise; 30 fps of images need the shared-memory
# profile; a message field of the wrong type is an error, not 5e-324 (docs/setup.md).
export ROS_AUTOMATIC_DISCOVERY_RANGE="${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"
export FASTRTPS_DEFAULT_PROFILES_FILE="${FASTRTPS_DEFAULT_PROFILES_FILE:-$_opstap_root/config/fastdds.xml}"
export MALLOC_MMAP_THRESHOLD_=67108864 MALLOC_TRIM_THRESHOLD_=268435456 MALLOC_TOP_PAD_=67108864
export ROS_PYTHON_CHECK_FIELDS="${ROS_PYTHON_CHECK_FIELDS:-1}"
export OPSTAP_ROOT="$_opstap_root"
unset _opstap_root _opstap_libs
