package conformance

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/hss/v5/model"
)

func TestExportOfEveryTypeIsASoundArchive(t *testing.T) {
	c := client(t, known(t).ProjectID)
	swept(t, c)
	for _, kind := range []string{
		"users", "auto_launch", "database", "jar_package", "port", "process",
		"web_cms", "web_framework", "web_service", "web_site", "app", "kernel_module",
	} {
		t.Run(kind, func(t *testing.T) {
			task, err := c.DownloadAssetFile(&model.DownloadAssetFileRequest{
				AssetType: kind, Category: "host",
				Body: &model.DownloadAssetFileRequestBody{ExportHeaders: [][]string{{"host_name", "Server"}, {"host_ip", "IP"}}},
			})
			if err != nil {
				t.Fatal(err)
			}
			file := finished(t, *task.TaskId)
			answer, err := c.ListDownloadExportedFile(&model.ListDownloadExportedFileRequest{FileId: file})
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			content, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.File) != 1 || !strings.HasSuffix(archive.File[0].Name, ".xlsx") {
				t.Fatalf("not one sheet: %v", archive.File)
			}
			for _, entry := range archive.File {
				reader, err := entry.Open()
				if err != nil {
					t.Fatal(err)
				}
				if _, err = io.Copy(io.Discard, reader); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func finished(t *testing.T, task string) string {
	t.Helper()
	c := client(t, known(t).ProjectID)
	for range 300 {
		state, err := c.ListQueryExportTask(&model.ListQueryExportTaskRequest{TaskId: task})
		if err != nil {
			t.Fatal(err)
		}
		switch *state.TaskStatus {
		case "success":
			return *state.FileId
		case "running":
			time.Sleep(100 * time.Millisecond)
		default:
			t.Fatalf("export ended as %v", *state.TaskStatus)
		}
	}
	t.Fatal("the export did not end within 30 s")
	return ""
}

func TestAnErrorKeepsItsCodeMessageAndRequest(t *testing.T) {
	c := client(t, known(t).ProjectID)
	_, err := c.ListUsers(&model.ListUsersRequest{Limit: to(int32(201))})
	var refused *sdkerr.ServiceResponseError
	if !errors.As(err, &refused) {
		t.Fatalf("not an answer of the service: %v", err)
	}
	if refused.StatusCode != 400 || refused.ErrorCode != "HSS.0001" || !strings.Contains(refused.ErrorMessage, "limit") || refused.RequestId == "" {
		t.Fatalf("%+v", refused)
	}
}
