package muster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample program of the reference page, compiled and run with nothing but its placeholders replaced. */
class SampleTest {
    private static final Path PAGE = Path.of("../../../shared/reference/hss-export-asset-fingerprints.en.txt");

    @Test
    void reachesUsAndPrintsWhatIsMissing(@TempDir Path folder) throws Exception {
        boolean here = Files.exists(PAGE);
        assertTrue(here || System.getenv("CI") == null, "the reference page is not here: " + PAGE);
        assumeTrue(here, "this test did NOT run: the reference page is not here");
        String page = Files.readString(PAGE);
        int start = page.indexOf("package com.huaweicloud.sdk.test;");
        int end = page.indexOf("\n}\n", start) + 3;
        assertTrue(start > 0 && end > start, "the page has no Java sample");
        String sample = page.substring(start, end)
            .replace("{project_id}", Server.known("project_id"))
            .replace("<YOUR REGION>", Server.known("region"));
        Path source = folder.resolve("DownloadAssetFileSolution.java");
        Files.writeString(source, sample);

        String classes = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        int compiled = ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", classes, "-d", folder.toString(), source.toString());
        assertEquals(0, compiled);
        Process process = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Djavax.net.ssl.trustStore=" + trusted(folder),
                "-Djavax.net.ssl.trustStorePassword=changeit",
                "-cp", folder + ":" + classes,
                "com.huaweicloud.sdk.test.DownloadAssetFileSolution"))
            .redirectError(folder.resolve("errors").toFile()).start();
        List<String> said = new String(process.getInputStream().readAllBytes()).lines().toList();
        String errors = Files.readString(folder.resolve("errors"));
        assertEquals(0, process.waitFor(), errors);
        assertTrue(said.size() >= 4, said + errors);
        int first = said.indexOf("400");
        assertTrue(first >= 0, said + errors);
        assertNotEquals("null", said.get(first + 1), "the request's id");
        assertEquals("HSS.0001", said.get(first + 2));
        assertTrue(said.get(first + 3).contains("asset_type"), said.get(first + 3));
    }

    /** A trust store with the server's CA alone: how a user tells a JVM whom to trust. */
    private static Path trusted(Path folder) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(Path.of(System.getenv("MUSTER_CA")))) {
            store.setCertificateEntry("muster", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        Path file = folder.resolve("trusted.p12");
        try (var out = Files.newOutputStream(file)) {
            store.store(out, "changeit".toCharArray());
        }
        return file;
    }
}
