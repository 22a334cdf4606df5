package muster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.huaweicloud.sdk.core.ClientBuilder;
import com.huaweicloud.sdk.core.HcClient;
import com.huaweicloud.sdk.core.SdkStreamResponse;
import com.huaweicloud.sdk.core.TypeCasts;
import com.huaweicloud.sdk.core.http.FieldExistence;
import com.huaweicloud.sdk.core.http.HttpMethod;
import com.huaweicloud.sdk.core.http.HttpRequestDef;
import com.huaweicloud.sdk.core.http.LocationType;
import com.huaweicloud.sdk.hss.v5.HssClient;
import com.huaweicloud.sdk.hss.v5.model.*;
import com.huaweicloud.sdk.test.DownloadAssetFileRequest;
import com.huaweicloud.sdk.test.DownloadAssetFileRequestBody;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;

/**
 * The newest SDK on Maven Central has no method for the export call and takes the downloaded file for a text,
 * so its core makes these two calls from request definitions (the first in com.huaweicloud.sdk.test.HssClient);
 * polling is the SDK's own method.
 */
class ExportTest {
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
            .withCredential(Server.credentials())
            .withEndpoint(Server.endpoint())
            .build();
    }

    @Test
    void accountsAreExportedPolledAndDownloaded() throws Exception {
        HssClient client = Server.hss();
        String task = com.huaweicloud.sdk.test.HssClient.newBuilder()
            .withHttpConfig(Server.http()).withCredential(Server.credentials()).withEndpoint(Server.endpoint()).build()
            .downloadAssetFile(new DownloadAssetFileRequest().withAssetType("users").withCategory("host")
                .withBody(new DownloadAssetFileRequestBody().withExportHeaders(
                    List.of(List.of("user_name", "Konto 账号"), List.of("shell", "Shell")))))
            .getTaskId();
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
