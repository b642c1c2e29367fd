"""Files and folders that appear whole or not at all, locks, and readers that no file can hold up.

What is new is drafted beside the old, flushed to the disk, and swapped in. A kill leaves a draft, or what it was about
to replace: `recover` finishes or undoes that, and every draft of the same name begins with it.
"""

from muybridge.disk.drafts import Draft, has_leftovers, is_blank, recover, replace_file, replace_folder, sweep
from muybridge.disk.explain import explain_disk_errors
from muybridge.disk.locks import hold_lock, is_locked, take_lock
from muybridge.disk.reading import parse_json, parse_yaml, read_bytes, read_json
from muybridge.disk.whole_folders import check_files, check_folder

__all__ = [
    "Draft",
    "check_files",
    "check_folder",
    "explain_disk_errors",
    "has_leftovers",
    "hold_lock",
    "is_blank",
    "is_locked",
    "parse_json",
    "parse_yaml",
    "read_bytes",
    "read_json",
    "recover",
    "replace_file",
    "replace_folder",
    "sweep",
    "take_lock",
]
