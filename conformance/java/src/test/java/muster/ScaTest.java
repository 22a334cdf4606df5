package muster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import cn.hutool.core.io.FileUtil;
import cn.hutool.json.JSONConfig;
import cn.hutool.json.JSONArray;
import cn.hutool.json.JSONObject;
import cn.hutool.json.JSONUtil;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.io.IOUtils;
import org.junit.jupiter.api.Test;

/** The SCA open API as its reference has it: signed with Mac and Hex, JSON by hutool, uploaded by OkHttp. */
class ScaTest {
    private static final OkHttpClient HTTP = client();

    /** As the reference builds it; trust is what the Python clients test. */
    private static OkHttpClient client() {
        try {
            X509TrustManager all = new X509TrustManager() {
                public void checkClientTrusted(X509Certificate[] chain, String type) {}

                public void checkServerTrusted(X509Certificate[] chain, String type) {}

                public X509Certificate[] getAcceptedIssuers() {
                    return new X509Certificate[0];
                }
            };
            SSLContext tls = SSLContext.getInstance("TLS");
            tls.init(null, new TrustManager[] {all}, new SecureRandom());
            return new OkHttpClient.Builder()
                .sslSocketFactory(tls.getSocketFactory(), all).hostnameVerifier((host, session) -> true)
                .followRedirects(false).retryOnConnectionFailure(false).cache(null).build();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static String sign(String data) throws Exception {
        byte[] secret = Server.known("sca_access_key_secret").getBytes(StandardCharsets.UTF_8);
        SecretKey key = new SecretKeySpec(secret, "HmacMD5");
        Mac mac = Mac.getInstance(key.getAlgorithm());
        mac.init(key);
        return Hex.encodeHexString(mac.doFinal(data.getBytes(StandardCharsets.UTF_8)));
    }

    private static JSONObject call(String path, Map<String, Object> parameters) throws Exception {
        TreeMap<String, Object> sorted = new TreeMap<>(parameters);
        sorted.put("timestamp", System.currentTimeMillis());
        String body = new JSONObject(sorted, JSONConfig.create().setIgnoreNullValue(true)).toString();
        Request request = new Request.Builder().url(Server.endpoint() + "/gateway/sca/external/" + path)
            .header("accessKeyId", Server.known("sca_access_key_id")).header("signature", sign(body))
            .post(RequestBody.create(body.getBytes(StandardCharsets.UTF_8), MediaType.get("application/json"))).build();
        try (Response answer = HTTP.newCall(request).execute()) {
            assertEquals(200, answer.code());
            return JSONUtil.parseObj(answer.body().string());
        }
    }

    private static JSONObject data(String path, Map<String, Object> parameters) throws Exception {
        JSONObject answer = call(path, parameters);
        assertEquals(0, answer.getInt("code"), answer.toString());
        assertTrue(answer.getBool("ok"));
        return answer.getJSONObject("data");
    }

    /** The upload of the reference, but for the file's name. */
    private static void upload(JSONObject signature, File file) throws IOException {
        Request.Builder builder = new Request.Builder();
        for (Map.Entry<String, Object> entry : signature.getJSONObject("actualSignedRequestHeaders").entrySet()) {
            builder.header(entry.getKey(), (String) entry.getValue());
        }
        String contentType = "application/octet-stream";
        byte[] fileBytes = FileUtil.readBytes(file);
        Request httpRequest = builder.url(signature.getStr("signedUrl"))
            .put(RequestBody.create(MediaType.parse(contentType), fileBytes)).build();
        try (Response res = HTTP.newCall(httpRequest).execute()) {
            assertEquals(200, res.code());
        }
    }

    private static JSONObject ended(String task) throws Exception {
        for (int i = 0; i < 600; i++) {
            JSONObject status = data("task/status", Map.of("taskId", task));
            if (status.getInt("status") >= 2) {
                return status;
            }
            Thread.sleep(200);
        }
        throw new IllegalStateException("the task has not ended within two minutes");
    }

    private static JSONArray page(String what, String task) throws Exception {
        JSONObject page = data("task/" + what + "/page", Map.of("taskId", task, "current", 1, "size", 500));
        JSONArray records = page.getJSONArray("records");
        assertEquals(records.size(), page.getInt("total"));
        return records;
    }

    @Test
    void aRealJarFromUploadToCallback() throws Exception {
        BlockingQueue<String[]> told = new LinkedBlockingQueue<>();
        HttpServer receiver = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        receiver.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            told.add(new String[] {exchange.getRequestHeaders().getFirst("signature"), new String(body, StandardCharsets.UTF_8)});
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        receiver.start();
        try {
            // A jar that came from the central repository.
            File jar = new File(IOUtils.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            JSONObject address = data("upload/url", Map.of("fileName", jar.getName()));
            upload(address.getJSONObject("temporarySignature"), jar);
            String task = "java-" + UUID.randomUUID();
            TreeMap<String, Object> order = new TreeMap<>(Map.of("taskId", task, "taskName", "验收/检测",
                "fileId", address.getStr("fileId"), "callbackUrl", "http://127.0.0.1:" + receiver.getAddress().getPort() + "/done"));
            assertEquals(task, data("createTask", order).getStr("taskId"));
            JSONObject status = ended(task);
            assertEquals(2, status.getInt("status"));
            assertEquals("100%", status.getStr("process"));

            JSONArray components = page("components", task);
            assertEquals(1, components.size());
            JSONObject component = components.getJSONObject(0);
            assertEquals("commons-io", component.getStr("groupId"));
            assertEquals("commons-io", component.getStr("artifactId"));
            assertEquals("2.11.0", component.getStr("version"));
            assertFalse(component.getJSONArray("compomentFixDetailVoList").isEmpty());
            JSONArray vulnerabilities = page("vulnerability", task);
            JSONArray licences = page("license", task);
            JSONObject statistics = data("task/statistics", Map.of("taskId", task));
            assertEquals(1, statistics.getInt("componentNum"));
            assertEquals(vulnerabilities.size(), statistics.getInt("vulNum"));
            assertEquals(licences.size(), statistics.getInt("licenseNum"));
            JSONObject detail = data("task/component/detail", Map.of("componentUuid", component.getStr("componentUuid")));
            assertEquals("Java", detail.getStr("language"));
            assertNotNull(detail.getJSONArray("licenses"));
            assertEquals(1002, call("task/vulnerability/detail", Map.of("customSzNo", "SZ-1999-0")).getInt("code"));
            assertEquals(1002, call("task/license/detail", Map.of("licenseId", "none")).getInt("code"));
            JSONArray grades = call("dict/type/list", Map.of("dictType", "LICENSERISK")).getJSONArray("data");
            assertEquals(4, grades.size());

            String[] callback = told.poll(60, TimeUnit.SECONDS);
            assertNotNull(callback, "the end was not told");
            assertEquals(sign(callback[1]), callback[0]);
            JSONObject said = JSONUtil.parseObj(callback[1]);
            assertEquals(task, said.getStr("taskId"));
            assertEquals("验收/检测", said.getStr("taskName"));
            assertEquals(2, said.getInt("status"));
            assertEquals(status.getStr("endTime"), said.getStr("endTime"));
        } finally {
            receiver.stop(0);
        }
    }
}
