"""Export of every type with every key: task, poll, download, unzip, open, compare with the list."""
import io
import time
import zipfile

import openpyxl
import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkhss.v5 import (
    DownloadAssetFileRequest, DownloadAssetFileRequestBody, ListDownloadExportedFileRequest, ListQueryExportTaskRequest,
)

from kinds import KINDS, every_row


def export(client, kind, headers, search=None, category="host"):
    """Runs an export to its end and returns the rows of the sheet, header first."""
    body = DownloadAssetFileRequestBody(export_headers=headers, search_param=search)
    task = client.download_asset_file(DownloadAssetFileRequest(asset_type=kind, category=category, body=body)).task_id
    deadline = time.monotonic() + 60
    while True:
        state = client.list_query_export_task(ListQueryExportTaskRequest(task_id=task))
        assert state.task_status in ("running", "success"), state
        if state.task_status == "success":
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert state.file_name.endswith(".zip")
    chunks = []
    response = client.list_download_exported_file(ListDownloadExportedFileRequest(file_id=state.file_id))
    response.consume_download_stream(lambda stream: chunks.extend(stream))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks)))
    assert archive.testzip() is None
    (entry,) = [name for name in archive.namelist()]
    assert entry.endswith(".xlsx")
    book = openpyxl.load_workbook(io.BytesIO(archive.read(entry)), read_only=True)
    return list(book.worksheets[0].iter_rows(values_only=True))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_key_of_every_type_in_the_order_asked(hss, kind):
    headers = [[key, f"Spalte {key} 列"] for key in reversed(kind.headers)]
    rows = export(hss, kind.name, headers)
    assert list(rows[0]) == [title for _, title in headers]
    if kind.name == "users":
        position = {key: at for at, (key, _) in enumerate(headers)}
        exported = {(row[position["user_name"]], row[position["shell"]] or "") for row in rows[1:]}
        assert exported == {(row.user_name, row.shell or "") for row in every_row(kind, hss)}
    if kind.name == "app":
        position = {key: at for at, (key, _) in enumerate(headers)}
        exported = sorted((row[position["app_name"]], str(row[position["version"]])) for row in rows[1:])
        assert exported == sorted((row.app_name, row.version) for row in every_row(kind, hss))


def test_the_search_of_the_documentation_narrows_the_ports(hss):
    ports = export(hss, "port", [["port", "port"], ["type", "type"]])[1:]
    wanted = ports[0][0]
    rows = export(hss, "port", [["port", "port"]], search=f'{{"port_string": "{wanted}"}}')
    assert rows[1:] and all(str(wanted) in str(row[0]) for row in rows[1:])


def test_kernel_modules_of_containers_are_a_header_and_nothing_else(hss):
    assert export(hss, "kernel_module", [["name", "Name"]], category="container") == [("Name",)]


@pytest.mark.parametrize("parameters, named", [
    (dict(asset_type="nonsense", category="host"), "asset_type"),
    (dict(asset_type="users", category="nonsense"), "category"),
])
def test_a_bad_parameter_is_named(hss, parameters, named):
    body = DownloadAssetFileRequestBody(export_headers=[["host_name", "x"]])
    with pytest.raises(ClientRequestException) as caught:
        hss.download_asset_file(DownloadAssetFileRequest(body=body, **parameters))
    assert caught.value.status_code == 400
    assert caught.value.error_code == "HSS.0001"
    assert named in caught.value.error_msg
    assert caught.value.request_id


@pytest.mark.parametrize("body, named", [
    (dict(export_headers=[["shell", "x"]]), "shell"),  # a key of another type
    (dict(export_headers=[["port", "x"]], search_param="{broken"), "search_param"),
    (dict(export_headers=[["port", "x"]], search_param='{"a":"' + "x" * 200 + '"}'), "search_param"),
    (dict(export_headers=[["port", "x" * 10_000_000]]), "export_headers"),
    (dict(export_headers=[]), "export_headers"),
])
def test_a_bad_body_is_named(hss, body, named):
    with pytest.raises(ClientRequestException) as caught:
        hss.download_asset_file(DownloadAssetFileRequest(
            asset_type="port", category="host", body=DownloadAssetFileRequestBody(**body)))
    assert 400 <= caught.value.status_code < 500
    assert named in caught.value.error_msg


def test_a_task_or_file_that_does_not_exist_is_an_error_of_the_service(hss):
    with pytest.raises(ClientRequestException) as caught:
        hss.list_query_export_task(ListQueryExportTaskRequest(task_id="94ad7efb-0000-0000-0000-000000000000"))
    assert caught.value.error_code.startswith("HSS.")
    with pytest.raises(ClientRequestException) as caught:
        hss.list_download_exported_file(ListDownloadExportedFileRequest(file_id="94ad7efb-0000-0000-0000-000000000000"))
    assert caught.value.error_code.startswith("HSS.")
