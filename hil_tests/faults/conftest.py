"""Failed assertions of the shared helpers show their values too."""

import pytest

pytest.register_assert_rewrite("hil_tests.faults.short_fill", "hil_tests.faults.reactions")
