"""Statistics and lists of the twelve types agree with each other and with the totals."""
import pytest
from huaweicloudsdkhss.v5 import ShowAssetStatisticRequest

from kinds import KINDS, every_group, every_row, takes_category

# A machine in use has these at least; the others depend on what runs there.
ALWAYS = {"users", "auto_launch", "port", "process", "app"}
TOTALS = {
    "users": "account_num", "port": "port_num", "process": "process_num", "app": "app_num",
    "auto_launch": "auto_launch_num", "web_framework": "web_framework_num", "web_site": "web_site_num",
    "jar_package": "jar_package_num", "kernel_module": "kernel_module_num", "web_service": "web_service_num",
    "web_cms": "web_app_num", "database": "database_num",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_group_counts_the_rows_of_its_list(hss, kind):
    groups = every_group(kind, hss)
    assert groups or kind.name not in ALWAYS
    for group in groups[:5]:
        value = getattr(group, kind.group)
        listed = kind.rows(hss, limit=10, **{kind.group: value})
        if kind.name in ("process", "port"):
            assert listed.total_num >= 1  # these move while we look
        elif kind.name != "auto_launch":  # grouped by name and type, filtered by name
            assert listed.total_num == group.num
        assert listed.data_list


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_total_of_a_type_is_the_sum_of_its_groups(hss, kind):
    total = getattr(hss.show_asset_statistic(ShowAssetStatisticRequest(category="host")), TOTALS[kind.name])
    counted = sum(group.num for group in every_group(kind, hss))
    if kind.name in ("process", "port"):
        assert abs(total - counted) <= max(20, total // 3)
    else:
        assert total == counted


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_page_past_the_end_is_empty_and_not_an_error(hss, kind):
    groups = kind.count(hss, limit=10).data_list
    value = getattr(groups[0], kind.group) if groups else ("1" if kind.name != "port" else 1)
    page = kind.rows(hss, limit=10, offset=2_000_000, **{kind.group: value})
    assert page.data_list == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if takes_category(kind.statistics_request)], ids=lambda kind: kind.name)
def test_the_container_category_is_served(hss, kind):
    assert kind.count(hss, category="container").data_list is not None


def test_pages_join_without_gaps_or_repeats(hss):
    apps = next(kind for kind in KINDS if kind.name == "app")
    whole = [(row.app_name, row.version) for row in every_row(apps, hss)]
    small, offset = [], 0
    while offset < 60:
        page = apps.rows(hss, limit=10, offset=offset)
        small += [(row.app_name, row.version) for row in page.data_list]
        offset += 10
    assert small == whole[: len(small)]
    assert len(whole) == apps.rows(hss, limit=10).total_num


def test_part_match_is_off_unless_asked_for(hss):
    users = next(kind for kind in KINDS if kind.name == "users")
    assert [row.user_name for row in users.rows(hss, user_name="root").data_list] == ["root"]
    assert users.rows(hss, user_name="roo").total_num == 0
    assert users.rows(hss, user_name="roo", part_match=True).total_num >= 1
