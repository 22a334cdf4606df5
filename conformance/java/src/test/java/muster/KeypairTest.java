package muster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.huaweicloud.sdk.core.exception.ClientRequestException;
import com.huaweicloud.sdk.hss.v5.model.ListHostStatusRequest;
import com.huaweicloud.sdk.kps.v3.KpsClient;
import com.huaweicloud.sdk.kps.v3.model.*;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of a key pair with the published client. */
class KeypairTest {
    private static KpsClient client;

    @TempDir
    Path folder;

    @BeforeAll
    static void connect() {
        client = KpsClient.newBuilder().withHttpConfig(Server.http()).withCredential(Server.credentials())
            .withEndpoint(Server.endpoint()).build();
    }

    private static CreateKeypairResp create(CreateKeypairAction action) {
        action.withKeyProtection(new KeyProtection().withEncryption(new Encryption().withType(Encryption.TypeEnum.DEFAULT)));
        return client.createKeypair(
            new CreateKeypairRequest().withBody(new CreateKeypairRequestBody().withKeypair(action))).getKeypair();
    }

    private static String export(String name) {
        return client.exportPrivateKey(new ExportPrivateKeyRequest().withBody(
            new ExportPrivateKeyRequestBody().withKeypair(new KeypairBean().withName(name)))).getKeypair().getPrivateKey();
    }

    private static KeypairDetail detail(String name) {
        return client.listKeypairDetail(new ListKeypairDetailRequest().withKeypairName(name)).getKeypair();
    }

    private static void delete(String name) {
        client.deleteKeypair(new DeleteKeypairRequest().withKeypairName(name));
    }

    private static String ended(String task) throws InterruptedException {
        for (int i = 0; i < 600; i++) {
            String status = client.listKeypairTask(new ListKeypairTaskRequest().withTaskId(task)).getTaskStatus().getValue();
            if (status.startsWith("SUCCESS") || status.startsWith("FAILED")) {
                return status;
            }
            Thread.sleep(200);
        }
        return fail("the task does not end");
    }

    /** Whether OpenSSH's client gets in by a private key. */
    private boolean logsIn(String key) throws Exception {
        Path file = Files.createTempFile(folder, "key", "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, key);
        Process ssh = new ProcessBuilder("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
            "-i", file.toString(), "-p", System.getenv("MUSTER_SSH_PORT"), "-l", System.getenv("MUSTER_SSH_ACCOUNT"),
            System.getenv("MUSTER_SSH_ADDRESS"), "echo in").start();
        return new String(ssh.getInputStream().readAllBytes()).equals("in\n");
    }

    @Test
    void madeListedExportedClearedDeleted() {
        CreateKeypairResp made = create(new CreateKeypairAction().withName("java-pair"));
        assertTrue(made.getPrivateKey().startsWith("-----BEGIN RSA PRIVATE KEY-----"));
        assertEquals("ssh", detail("java-pair").getType().getValue());
        assertTrue(client.listKeypairs(new ListKeypairsRequest().withLimit("100")).getKeypairs().stream()
            .anyMatch(row -> row.getKeypair().getName().equals("java-pair") && row.getKeypair().getIsKeyProtection()));
        assertEquals(made.getPrivateKey(), export("java-pair"));
        client.clearPrivateKey(new ClearPrivateKeyRequest().withKeypairName("java-pair"));
        assertFalse(detail("java-pair").getIsKeyProtection());
        assertEquals("KPS.6005", assertThrows(ClientRequestException.class, () -> export("java-pair")).getErrorCode());
        delete("java-pair");
        ClientRequestException gone = assertThrows(ClientRequestException.class, () -> detail("java-pair"));
        assertEquals(404, gone.getHttpStatusCode());
        assertNotNull(gone.getRequestId());
    }

    @Test
    void boundAndTakenAway() throws Exception {
        assumeTrue(System.getenv("MUSTER_SSH_PORT") != null, "no SSH server can run here: " + System.getenv("MUSTER_SSH_WHY"));
        String host = Server.hss().listHostStatus(new ListHostStatusRequest()).getDataList().get(0).getHostId();
        String key = create(new CreateKeypairAction().withName("java-bound")).getPrivateKey();
        EcsServerInfo server = new EcsServerInfo().withId(host).withPort(Long.valueOf(System.getenv("MUSTER_SSH_PORT")))
            .withAuth(new Auth().withType(Auth.TypeEnum.PASSWORD).withKey(System.getenv("MUSTER_SSH_PASSWORD")));
        BatchAssociateKeypairResponse ordered = client.batchAssociateKeypair(new BatchAssociateKeypairRequest().withBody(
            new BatchAssociateKeypairRequestBody().withBatchKeypairs(List.of(
                new AssociateKeypairRequestBody().withKeypairName("java-bound").withServer(server)))));
        assertEquals("SUCCESS_RESET", ended(ordered.getTasks().get(0).getTaskId()));
        assertTrue(logsIn(key));
        assertTrue(client.listFailedTask(new ListFailedTaskRequest()).getTasks().isEmpty());
        DisassociateKeypairResponse away = client.disassociateKeypair(new DisassociateKeypairRequest().withBody(
            new DisassociateKeypairRequestBody().withServer(new DisassociateEcsServerInfo().withId(host))));
        assertEquals("SUCCESS_UNBIND", ended(away.getTaskId()));
        assertFalse(logsIn(key));
        delete("java-bound");
    }
}
