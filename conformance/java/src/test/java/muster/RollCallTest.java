package muster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.huaweicloud.sdk.core.exception.ClientRequestException;
import com.huaweicloud.sdk.hss.v5.HssClient;
import com.huaweicloud.sdk.hss.v5.model.*;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RollCallTest {
    private static HssClient client;

    @BeforeAll
    static void connect() throws InterruptedException {
        client = Server.hss();
    }

    @Test
    void accountsAreListedAndCounted() {
        ListUsersResponse users = client.listUsers(new ListUsersRequest().withUserName("root"));
        assertEquals(1, users.getTotalNum());
        assertTrue(users.getDataList().get(0).getRootPermission());
        assertFalse(client.listUserStatistics(new ListUserStatisticsRequest()).getDataList().isEmpty());
    }

    @Test
    void autoStartedItemsKeepTheirTwoTypes() {
        assertNotNull(client.listAutoLaunchs(new ListAutoLaunchsRequest()).getDataList().get(0).getType());
        assertNotNull(client.listAutoLaunchStatistics(new ListAutoLaunchStatisticsRequest()).getDataList().get(0).getType());
    }

    @Test
    void portsLeadToTheirProcesses() {
        PortStatisticResponseInfo port = client.listPortStatistics(new ListPortStatisticsRequest()).getDataList().get(0);
        ListPortHostResponse hosts = client.listPortHost(new ListPortHostRequest().withCategory("host").withPort(port.getPort()));
        assertFalse(hosts.getDataList().isEmpty());
    }

    @Test
    void processesAreListedAndCounted() {
        String path = client.listProcessStatistics(new ListProcessStatisticsRequest()).getDataList().get(0).getPath();
        assertNotNull(client.listProcessesHost(new ListProcessesHostRequest().withPath(path)).getDataList());
    }

    @Test
    void softwareAndMiddlewareAreListedAndCounted() {
        assertFalse(client.listApps(new ListAppsRequest().withLimit(200)).getDataList().isEmpty());
        assertFalse(client.listAppStatistics(new ListAppStatisticsRequest()).getDataList().isEmpty());
        assertNotNull(client.listJarPackageStatistics(new ListJarPackageStatisticsRequest().withCategory("host")).getDataList());
    }

    @Test
    void hostsAndNodesAreListed() {
        assertFalse(client.listHostStatus(new ListHostStatusRequest().withRegion(Server.known("region"))).getDataList().isEmpty());
        assertNotNull(client.listContainerNodes(new ListContainerNodesRequest().withRegion(Server.known("region"))).getTotalNum());
    }

    @Test
    void anErrorKeepsItsCodeMessageAndRequest() {
        ClientRequestException refused =
            assertThrows(ClientRequestException.class, () -> client.listUsers(new ListUsersRequest().withLimit(201)));
        assertEquals(400, refused.getHttpStatusCode());
        assertEquals("HSS.0001", refused.getErrorCode());
        assertTrue(refused.getErrorMsg().contains("limit"), refused.getErrorMsg());
        assertNotNull(refused.getRequestId());
    }
}
