package muster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.huaweicloud.sdk.core.ClientBuilder;
import com.huaweicloud.sdk.core.HcClient;
import com.huaweicloud.sdk.core.SdkResponse;
import com.huaweicloud.sdk.core.SdkStreamResponse;
import com.huaweicloud.sdk.core.TypeCasts;
import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.http.FieldExistence;
import com.huaweicloud.sdk.core.http.HttpMethod;
import com.huaweicloud.sdk.core.http.HttpRequestDef;
import com.huaweicloud.sdk.core.http.LocationType;
import com.huaweicloud.sdk.hss.v5.HssClient;
import com.huaweicloud.sdk.hss.v5.model.*;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;

/**
 * The newest SDK on Maven Central has no method for the export call and takes the downloaded file for a text,
 * so its core makes these two calls from request definitions; polling is the SDK's own method.
 */
class ExportTest {
    /** The request of POST /v5/{project_id}/asset/export. */
    public static final class ExportRequest {
        public String getAssetType() {
            return "users";
        }

        public String getCategory() {
            return "host";
        }

        public Map<String, Object> getBody() {
            return Map.of("export_headers", List.of(List.of("user_name", "Konto 账号"), List.of("shell", "Shell")));
        }
    }

    /** Its answer. */
    public static final class ExportResponse extends SdkResponse {
        @JsonProperty("task_id")
        public String taskId;
    }

    private static HttpRequestDef<ExportRequest, ExportResponse> export() {
        HttpRequestDef.Builder<ExportRequest, ExportResponse> builder =
            HttpRequestDef.builder(HttpMethod.POST, ExportRequest.class, ExportResponse.class)
                .withName("DownloadAssetFile")
                .withUri("/v5/{project_id}/asset/export")
                .withContentType("application/json");
        builder.<String>withRequestField("asset_type", LocationType.Query, FieldExistence.NON_NULL_NON_EMPTY,
            TypeCasts.uncheckedConversion(String.class), f -> f.withMarshaller(ExportRequest::getAssetType, (r, v) -> {}));
        builder.<String>withRequestField("category", LocationType.Query, FieldExistence.NON_NULL_NON_EMPTY,
            TypeCasts.uncheckedConversion(String.class), f -> f.withMarshaller(ExportRequest::getCategory, (r, v) -> {}));
        builder.<Map>withRequestField("body", LocationType.Body, FieldExistence.NON_NULL_NON_EMPTY,
            TypeCasts.uncheckedConversion(Map.class), f -> f.withMarshaller(ExportRequest::getBody, (r, v) -> {}));
        return builder.build();
    }

    /** The request of GET /v5/{project_id}/download/{file_id}. */
    public record DownloadRequest(String fileId) {}

    /** Its answer. */
    public static final class DownloadResponse extends SdkStreamResponse {}

    private static HttpRequestDef<DownloadRequest, DownloadResponse> download() {
        HttpRequestDef.Builder<DownloadRequest, DownloadResponse> builder =
            HttpRequestDef.builder(HttpMethod.GET, DownloadRequest.class, DownloadResponse.class)
                .withName("ListDownloadExportedFile")
                .withUri("/v5/{project_id}/download/{file_id}")
                .withContentType("application/json");
        builder.<String>withRequestField("file_id", LocationType.Path, FieldExistence.NON_NULL_NON_EMPTY,
            TypeCasts.uncheckedConversion(String.class), f -> f.withMarshaller(DownloadRequest::fileId, (r, v) -> {}));
        return builder.build();
    }

    private static HcClient core() {
        return new ClientBuilder<>(hcClient -> hcClient)
            .withHttpConfig(Server.http())
            .withCredential(new BasicCredentials()
                .withAk(Server.known("access_key")).withSk(Server.known("secret_key"))
                .withProjectId(Server.known("project_id")))
            .withEndpoint(Server.endpoint())
            .build();
    }

    @Test
    void accountsAreExportedPolledAndDownloaded() throws Exception {
        HssClient client = Server.hss();
        String task = core().syncInvokeHttp(new ExportRequest(), export()).taskId;
        assertNotNull(task);
        ListQueryExportTaskResponse state = null;
        for (int i = 0; i < 300; i++) {
            state = client.listQueryExportTask(new ListQueryExportTaskRequest().withRegion(Server.known("region")).withTaskId(task));
            if ("success".equals(state.getTaskStatus())) {
                break;
            }
            assertEquals("running", state.getTaskStatus());
            Thread.sleep(100);
        }
        assertTrue(state.getFileName().endsWith(".zip"));
        DownloadResponse file = core().syncInvokeHttp(new DownloadRequest(state.getFileId()), download());
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        file.consumeDownloadStream(stream -> {
            try {
                stream.transferTo(content);
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        try (ZipInputStream archive = new ZipInputStream(new ByteArrayInputStream(content.toByteArray()))) {
            ZipEntry entry = archive.getNextEntry();
            assertTrue(entry.getName().endsWith(".xlsx"), entry.getName());
            assertTrue(archive.readAllBytes().length > 1000);
        }
    }
}
