package muster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.http.HttpConfig;
import com.huaweicloud.sdk.hss.v5.HssClient;
import com.huaweicloud.sdk.hss.v5.model.ShowAssetStatisticRequest;
import java.io.IOException;
import java.nio.file.Path;

/** The running server and clients of it. */
final class Server {
    private static final JsonNode CREDENTIALS = read();

    private Server() {}

    private static JsonNode read() {
        try {
            return new ObjectMapper().readTree(Path.of(System.getenv("MUSTER_DATA"), "credentials.json").toFile());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static String known(String key) {
        return CREDENTIALS.get(key).asText();
    }

    static String endpoint() {
        return System.getenv("MUSTER_ENDPOINT");
    }

    static BasicCredentials credentials() {
        return new BasicCredentials()
            .withAk(known("access_key")).withSk(known("secret_key")).withProjectId(known("project_id"));
    }

    static HttpConfig http() {
        // The JVM does not read SSL_CERT_FILE; trust is what the Python and Go clients test.
        return HttpConfig.getDefaultHttpConfig().withIgnoreSSLVerification(true);
    }

    /** A client once the server has swept its own host. */
    static HssClient hss() throws InterruptedException {
        HssClient client = HssClient.newBuilder()
            .withHttpConfig(http())
            .withCredential(credentials())
            .withEndpoint(endpoint())
            .build();
        for (int i = 0; i < 120; i++) {
            Long processes = client.showAssetStatistic(new ShowAssetStatisticRequest().withCategory("host")).getProcessNum();
            if (processes != null && processes > 0) {
                return client;
            }
            Thread.sleep(500);
        }
        throw new IllegalStateException("the server has not swept its own host within a minute");
    }
}
