package hotel.engine;

import hotel.engine.access.CommandsNeedUser;
import hotel.engine.access.RememberedAccess;
import hotel.engine.json.JsonObjectSerializer;
import hotel.engine.json.JsonSerializer;
import hotel.engine.json.JsonType;
import hotel.engine.models.ModelGuard;
import hotel.engine.speed.Calls;
import hotel.engine.speed.RememberedGetters;
import java.util.ArrayList;
import java.util.List;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.interceptor.CommandInterceptor;
import org.operaton.bpm.engine.impl.variable.serializer.JavaObjectSerializer;
import org.springframework.stereotype.Component;

/** Builds the engine under the startup lock, guarded and without Java serialization, and makes its users. */
@Component
class StartupPlugin extends AbstractProcessEnginePlugin {

    private final StartupDatabase database;
    private final Users users;
    private final ModelGuard models;
    private final RememberedAccess access;

    StartupPlugin(StartupDatabase database, Users users, ModelGuard models, RememberedAccess access) {
        this.database = database;
        this.users = users;
        this.models = models;
        this.access = access;
    }

    @Override
    public void preInit(ProcessEngineConfigurationImpl configuration) {
        models.guard(configuration);
        access.install(configuration);
        needUser(configuration);
        Calls.install(configuration);
        RememberedGetters.install();
        configuration.setResourceAuthorizationProvider(new NoOwners());
        database.await();
    }

    static void needUser(ProcessEngineConfigurationImpl configuration) {
        configuration.setCustomPreCommandInterceptorsTxRequired(
                with(new CommandsNeedUser(configuration), configuration.getCustomPreCommandInterceptorsTxRequired()));
        configuration.setCustomPreCommandInterceptorsTxRequiresNew(
                with(new CommandsNeedUser(configuration), configuration.getCustomPreCommandInterceptorsTxRequiresNew()));
    }

    private static List<CommandInterceptor> with(CommandInterceptor first, List<CommandInterceptor> others) {
        var all = new ArrayList<CommandInterceptor>();
        all.add(first);
        if (others != null) {
            all.addAll(others);
        }
        return all;
    }

    @Override
    public void postInit(ProcessEngineConfigurationImpl configuration) {
        addSerializers(configuration);
        removeJavaSerialization(configuration);
        database.lock();
    }

    static void addSerializers(ProcessEngineConfigurationImpl configuration) {
        configuration.getValueTypeResolver().addType(JsonType.INSTANCE);
        var serializers = configuration.getVariableSerializers();
        serializers.addSerializer(new JsonSerializer());
        serializers.addSerializer(new JsonObjectSerializer());
    }

    static void removeJavaSerialization(ProcessEngineConfigurationImpl configuration) {
        var serializers = configuration.getVariableSerializers();
        serializers.removeSerializer(serializers.getSerializerByName(JavaObjectSerializer.NAME));
    }

    @Override
    public void postProcessEngineBuild(ProcessEngine engine) {
        users.provide(engine);
        database.unlock();
    }
}
