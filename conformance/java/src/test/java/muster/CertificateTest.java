package muster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.huaweicloud.sdk.core.auth.GlobalCredentials;
import com.huaweicloud.sdk.core.exception.ClientRequestException;
import com.huaweicloud.sdk.scm.v3.ScmClient;
import com.huaweicloud.sdk.scm.v3.model.*;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The life of a certificate with the published client. */
class CertificateTest {
    private static ScmClient client;

    @BeforeAll
    static void connect() {
        GlobalCredentials keys = new GlobalCredentials()
            .withAk(Server.known("access_key")).withSk(Server.known("secret_key")).withDomainId(Server.known("domain_id"));
        client = ScmClient.newBuilder().withHttpConfig(Server.http()).withCredential(keys)
            .withEndpoint(Server.endpoint()).build();
    }

    private static X509Certificate read(String pem) throws Exception {
        byte[] bytes = pem.getBytes(StandardCharsets.US_ASCII);
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes));
    }

    @Test
    void orderedIssuedExportedImportedDeleted() throws Exception {
        SubscribeCertificateResponse order = client.subscribeCertificate(new SubscribeCertificateRequest().withBody(
            new PurchaseCertificateRequestBody().withCertBrand("GEOTRUST").withCertType("DV_SSL_CERT")
                .withDomainType("SINGLE_DOMAIN").withEffectiveTime(1).withDomainNumbers(1).withOrderNumber(1)
                .withAgreePrivacyProtection(true)));
        String id = order.getCert().get(0).getCertId();
        client.applyCertificate(new ApplyCertificateRequest().withCertificateId(id).withBody(
            new ApplyCertificateRequestBody().withDomain("java.example").withApplicantName("a")
                .withApplicantPhone("13212345678").withApplicantEmail("a@example.com").withAgreePrivacyProtection(true)
                .withDomainMethod("DNS").withKeyAlgorithm("RSA_2048")));
        ExportCertificateResponse out = client.exportCertificate(new ExportCertificateRequest().withCertificateId(id));
        X509Certificate leaf = read(out.getCertificate());
        leaf.verify(read(out.getCertificateChain()).getPublicKey());
        assertEquals("java.example", leaf.getSubjectAlternativeNames().iterator().next().get(1));
        assertTrue(out.getPrivateKey().startsWith("-----BEGIN RSA PRIVATE KEY-----"));

        ImportCertificateResponse imported = client.importCertificate(new ImportCertificateRequest().withBody(
            new ImportCertificateRequestBody().withName("java-import").withCertificate(out.getEntireCertificate())
                .withPrivateKey(out.getPrivateKey())));
        ShowCertificateResponse shown = client.showCertificate(
            new ShowCertificateRequest().withCertificateId(imported.getCertificateId()));
        assertEquals("UPLOAD", shown.getStatus());
        ExportCertificateResponse again = client.exportCertificate(
            new ExportCertificateRequest().withCertificateId(imported.getCertificateId()));
        assertArrayEquals(leaf.getEncoded(), read(again.getCertificate()).getEncoded());
        assertTrue(client.listCertificates(new ListCertificatesRequest().withStatus("UPLOAD").withLimit(50))
            .getCertificates().stream().anyMatch(row -> row.getId().equals(imported.getCertificateId())));
        for (String gone : new String[] {id, imported.getCertificateId()}) {
            client.deleteCertificate(new DeleteCertificateRequest().withCertificateId(gone));
        }
        ClientRequestException refused = assertThrows(ClientRequestException.class,
            () -> client.exportCertificate(new ExportCertificateRequest().withCertificateId(id)));
        assertEquals(404, refused.getHttpStatusCode());
        assertEquals("SCM.0020", refused.getErrorCode());
        assertNotNull(refused.getRequestId());
    }
}
