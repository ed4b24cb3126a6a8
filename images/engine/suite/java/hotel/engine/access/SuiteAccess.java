package hotel.engine.access;

import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.springframework.boot.convert.DurationStyle;

/** Gives an engine the image's memory of users and rights. */
public final class SuiteAccess {

    private SuiteAccess() {}

    /**
     * @param bound how long anything is remembered, as in the settings
     */
    public static void remember(ProcessEngineConfigurationImpl configuration, String bound) {
        new RememberedAccess(new AccessMemory(DurationStyle.detectAndParse(bound))).install(configuration);
    }
}
