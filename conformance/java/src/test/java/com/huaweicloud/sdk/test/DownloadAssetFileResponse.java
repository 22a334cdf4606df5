package com.huaweicloud.sdk.test;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.huaweicloud.sdk.core.SdkResponse;

/** See {@link HssClient}. */
public final class DownloadAssetFileResponse extends SdkResponse {
    @JsonProperty("task_id")
    private String taskId;

    public String getTaskId() {
        return taskId;
    }
}
